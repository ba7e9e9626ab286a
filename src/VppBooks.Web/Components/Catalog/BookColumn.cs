namespace VppBooks.Web.Components.Catalog;

/// <summary>Columns of the list of books that a person can switch off; the book itself always shows.</summary>
public enum BookColumn
{
    Token,
    Licenses,
    AssignedTo,
    State,
    Age,
}
