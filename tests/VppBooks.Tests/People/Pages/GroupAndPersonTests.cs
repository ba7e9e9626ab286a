using Bunit;
using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Exports;
using VppBooks.Web.Components.Groups;
using VppBooks.Web.Components.People;
using PersonBooks = VppBooks.Web.Components.People.PersonBooks;

namespace VppBooks.Tests.People.Pages;

public sealed class GroupAndPersonTests : ElementContext
{
    private static readonly DateTimeOffset _then = new(2026, 8, 31, 10, 0, 0, TimeSpan.Zero);

    public GroupAndPersonTests() => ComponentFactories.AddStub<ExportLink>();

    [Fact]
    public void Group_lists_its_books_with_intent_and_holders()
    {
        var words = Words(Render<GroupBooks>(p => p.Add(b => b.GroupId, Guid.NewGuid()).Add(
            b => b.Books, [new GroupBook(Guid.NewGuid(), Guid.NewGuid(), 6500000011, null, "Education", Intent.Required, "A. Admin", _then) { Entitled = 30, Held = 27, Expected = 2 }])).Markup);

        Assert.Contains("Book 6500000011 Required Education 30 27 2 A. Admin 1 day ago", words, StringComparison.Ordinal);
    }

    [Fact]
    public void Group_without_books_says_what_to_do_next() =>
        Assert.Contains("Open a book and choose Assign groups.", Render<GroupBooks>(p => p.Add(b => b.GroupId, Guid.NewGuid()).Add(b => b.Books, [])).Markup, StringComparison.Ordinal);

    [Fact]
    public void Refused_license_of_a_person_names_meaning_remedy_and_number()
    {
        var words = Words(Render<PersonBooks>(p => p
            .Add(b => b.PersonId, Guid.NewGuid())
            .Add(b => b.Books, [new PersonBook(Guid.NewGuid(), 1, "Biology 4", null, null, "Education", LicenseState.Failed, LicenseSource.Required, _then, 9609)])
            .Add(b => b.Entitled, [])).Markup);

        Assert.Contains("Apple knows no registered person with this id. Register the person at this location again. Apple's number 9609", words, StringComparison.Ordinal);
    }

    [Fact]
    public void Failing_directory_is_told_and_a_working_one_is_not()
    {
        Assert.Empty(Render<DirectoryNotice>(p => p.Add(n => n.Standing, new DirectoryStanding(_then, 5, null, false, null))).Markup.Trim());

        var words = Words(Render<DirectoryNotice>(p => p.Add(n => n.Standing, new DirectoryStanding(_then, 5, _then, true, null))).Markup);
        Assert.Contains("Ask an administrator of the directory to grant consent again.", words, StringComparison.Ordinal);
    }

    [Fact]
    public void Groups_that_cannot_be_read_are_told_apart_from_a_directory_that_cannot()
    {
        var words = Words(Render<DirectoryNotice>(p => p.Add(n => n.Standing, new DirectoryStanding(_then, 5, _then, false, null, UnreadableGroups: 3))).Markup);

        Assert.Contains("Groups that cannot be read: 3.", words, StringComparison.Ordinal);
        Assert.DoesNotContain("The directory cannot be read", words, StringComparison.Ordinal);
    }

    [Fact]
    public void Guest_is_marked() => Assert.Contains(
        "no license is spent",
        Render<PersonTags>(p => p.Add(t => t.Person, new PersonSummary
        {
            PublicId = Guid.NewGuid(),
            DisplayName = "G",
            UserPrincipalName = "g",
            Mail = null,
            AccountEnabled = true,
            Guest = true,
            GoneSince = null,
            Registration = RegistrationState.None,
            BooksHeld = 0,
            BooksExpected = 0,
        })).Markup,
        StringComparison.Ordinal);
}
