using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Api;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Library;

/// <summary>Get over HTTP, as browsers send it: what is pressed twice, lost on the way or forged spends no second license.</summary>
public sealed partial class LibraryGetTests(LibraryGetTests.Offering offering) : IClassFixture<LibraryGetTests.Offering>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_tabs_in_which_Get_is_pressed_at_once_spend_one_license()
    {
        var (book, person) = (await offering.BookAsync("Class 4A"), offering.Pupil("Class 4A"));
        using var reader = await SignInAsync(person);
        var tabs = new[] { await reader.FormAsync(book), await reader.FormAsync(book) };

        var said = await Task.WhenAll(tabs.Concat(tabs).Select(reader.GetAsync));

        Assert.Single(said, "Taken");
        Assert.Equal(3, said.Count(s => s == "There"));
        await offering.SpentOnceAsync(book, person);
    }

    [Fact]
    public async Task A_form_that_is_sent_again_after_its_answer_was_lost_spends_one_license()
    {
        var (book, person) = (await offering.BookAsync("Class 4A"), offering.Pupil("Class 4A"));
        using var reader = await SignInAsync(person);
        var form = await reader.FormAsync(book);

        await reader.SendAndHangUpAsync(form, () => offering.CountAsync(book, person));
        Assert.Equal("There", await reader.GetAsync(form));
        Assert.Equal("There", await reader.GetAsync(form));

        await offering.SpentOnceAsync(book, person);
        Assert.Equal("There", await reader.GetAsync(form));
        await offering.SpentOnceAsync(book, person);
    }

    [Fact]
    public async Task A_form_without_the_token_of_its_reader_is_refused()
    {
        var (book, person, other) = (await offering.BookAsync("Class 4A"), offering.Pupil("Class 4A"), offering.Pupil("Class 4A"));
        using var reader = await SignInAsync(person);
        using var stranger = await SignInAsync(other);
        var form = await stranger.FormAsync(book);

        Assert.Equal("400", await reader.GetAsync(form.Where(f => f.Key == "book")));
        Assert.Equal("400", await reader.GetAsync(form));
        Assert.Equal("400", await reader.GetAsync(form.Select(f => f.Key == "book" ? f : KeyValuePair.Create(f.Key, "forged"))));

        Assert.Equal((0, 0), (await offering.CountAsync(book, person), await offering.CountAsync(book, other)));
    }

    [Fact]
    public async Task Nobody_gets_a_book_for_somebody_else_or_one_that_is_not_offered()
    {
        var (book, other) = (await offering.BookAsync("Class 5A"), offering.Pupil("Class 5A"));
        var (own, person) = (await offering.BookAsync("Class 4A"), offering.Pupil("Class 4A"));
        using var reader = await SignInAsync(person);
        var form = await reader.FormAsync(own);

        KeyValuePair<string, string>[] forOther = [.. form.Where(f => f.Key != "book"), new("book", book.PublicId.ToString()), new("person", other.Id.ToString()), new("reader", other.Id.ToString())];
        Assert.Equal("NotOffered", await reader.GetAsync(forOther));
        Assert.Equal("NotOffered", await reader.GetAsync(form.Select(f => f.Key == "book" ? KeyValuePair.Create("book", Guid.NewGuid().ToString()) : f)));
        Assert.DoesNotContain(book.PublicId.ToString(), await reader.PageAsync(), StringComparison.Ordinal);

        // A person named beside the book changes nothing: it is the reader's own.
        Assert.Equal("Taken", await reader.GetAsync([.. form, new("person", other.Id.ToString())]));
        await offering.SpentOnceAsync(own, person);
        Assert.Equal((0, 0, 0), (await offering.CountAsync(book, person), await offering.CountAsync(book, other), await offering.CountAsync(own, other)));
    }

    private Task<Browser> SignInAsync(SimulatedPerson person) => Browser.SignInAsync(offering.House.Address, person);

    [GeneratedRegex("name=\"(?<name>__RequestVerificationToken)\" value=\"(?<value>[^\"]+)\"", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex TokenField { get; }

    /// <summary>A program with books, each offered to one class.</summary>
    public sealed class Offering : IAsyncLifetime
    {
        private int _books;
        private int _people;

        public ApiHouse House { get; } = new();

        public async ValueTask InitializeAsync()
        {
            await House.InitializeAsync();
            await House.UploadAsync(ApiHouse.Education, "Noordrand Education");
            await House.QuietAsync();
        }

        public ValueTask DisposeAsync() => House.DisposeAsync();

        /// <summary>Another book with copies left, offered to a class.</summary>
        internal async Task<Book> BookAsync(string group)
        {
            await using var db = await OpenAsync();
            var all = await db.Books.AsNoTracking().Where(b => !b.Unlimited && b.AvailableCount >= 20).OrderBy(b => b.Id).ToListAsync(Cancel);
            var book = all.DistinctBy(b => b.AdamId).ElementAt(_books++);
            Assert.IsType<CommitResult.Committed>(await House.Services.GetRequiredService<AssignmentDesk>().AssignAsync(
                new PlanRequest(book.PublicId, [new WishedAssignment(House.GroupId(group), Intent.Available)]), CoreHouse.Admin, Cancel));
            return book;
        }

        /// <summary>Another pupil whom Apple knows at once.</summary>
        internal SimulatedPerson Pupil(string group)
        {
            lock (House.Cloud.Directory.Gate)
            {
                var people = House.Cloud.Directory.People;
                return House.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == group).People.Order().Select(p => people[p]).Where(p => p is { AccountEnabled: true, ManagedAppleAccount: not null }).ElementAt(_people++);
            }
        }

        /// <summary>Licenses of a person for a book, whatever their state.</summary>
        internal async Task<int> CountAsync(Book book, SimulatedPerson person)
        {
            await using var db = await OpenAsync();
            return await db.Licenses.CountAsync(l => l.AdamId == book.AdamId && db.People.Any(p => p.Id == l.PersonId && p.DirectoryId == person.Id), Cancel);
        }

        /// <summary>Waits for the license, and for everything that is still to be said to Apple; then looks there.</summary>
        internal async Task SpentOnceAsync(Book book, SimulatedPerson person)
        {
            await ApiHouse.UntilAsync(
                async () =>
                {
                    await using var db = await OpenAsync();
                    return await db.Licenses.AnyAsync(l => l.AdamId == book.AdamId && l.State == LicenseState.Assigned && db.People.Any(p => p.Id == l.PersonId && p.DirectoryId == person.Id), Cancel)
                        && !await db.Operations.AnyAsync(o => o.NextCheckAt != null, Cancel);
                },
                settled => settled);
            Assert.Equal(1, await CountAsync(book, person));
            var adamId = book.AdamId.ToString(CultureInfo.InvariantCulture);
            var target = ClientUserIds.For(ApiHouse.Education, person.Id);
            Assert.Equal(SpendResult.Spent, Assert.Single(House.Cloud.Apple.Ledger, e => e.AdamId == adamId && e.Target == target).Result);
            Assert.Equal(book.AssignedCount + 1, House.Cloud.Apple.Counts(ApiHouse.Education, adamId, book.PricingParam.ToString()).Assigned);
        }

        private Task<VppBooksDbContext> OpenAsync() => House.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync(Cancel);
    }

    /// <summary>A reader's browser: cookies, no redirects.</summary>
    private sealed class Browser : IDisposable
    {
        private readonly CookieContainer _cookies = new();
        private readonly HttpClient _client;

        private Browser(Uri address) =>
            _client = new HttpClient(new SocketsHttpHandler { CookieContainer = _cookies, AllowAutoRedirect = false }) { BaseAddress = address };

        public static async Task<Browser> SignInAsync(Uri address, SimulatedPerson person)
        {
            var browser = new Browser(address);
            using var following = new HttpClient(new SocketsHttpHandler { CookieContainer = browser._cookies }) { BaseAddress = address };
            using var asked = await following.GetAsync("/library", Cancel);
            using var answer = await following.GetAsync($"{asked.RequestMessage!.RequestUri}&sim_person={person.Id}", Cancel);
            Assert.Equal("/library", answer.RequestMessage!.RequestUri!.AbsolutePath);
            return browser;
        }

        public Task<string> PageAsync() => _client.GetStringAsync("/library", Cancel);

        /// <summary>The fields of a book's form.</summary>
        public async Task<IReadOnlyList<KeyValuePair<string, string>>> FormAsync(Book book)
        {
            var page = await PageAsync();
            Assert.Contains($"value=\"{book.PublicId}\"", page, StringComparison.Ordinal);
            var token = TokenField.Match(page);
            return [new(token.Groups["name"].Value, token.Groups["value"].Value), new("book", book.PublicId.ToString()), new("q", "")];
        }

        /// <summary>Presses Get.</summary>
        /// <returns>What the page says next, or the status when it is refused.</returns>
        public async Task<string> GetAsync(IEnumerable<KeyValuePair<string, string>> form)
        {
            using var answer = await _client.PostAsync("/library/get", new FormUrlEncodedContent(form), Cancel);
            return answer.StatusCode == HttpStatusCode.Found
                ? answer.Headers.Location!.OriginalString.Replace("/library?said=", "", StringComparison.Ordinal)
                : ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
        }

        /// <summary>Presses Get, and loses the connection when the wish is written down: the answer reaches nobody.</summary>
        public async Task SendAndHangUpAsync(IEnumerable<KeyValuePair<string, string>> form, Func<Task<int>> count)
        {
            var address = _client.BaseAddress!;
            var body = await new FormUrlEncodedContent(form).ReadAsStringAsync(Cancel);
            using var socket = new TcpClient();
            await socket.ConnectAsync(address.Host, address.Port, Cancel);
            await socket.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes($"POST /library/get HTTP/1.1\r\nHost: {address.Authority}\r\nCookie: {_cookies.GetCookieHeader(address)}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n\r\n{body}"),
                Cancel);
            await ApiHouse.UntilAsync(count, licenses => licenses == 1);
        }

        public void Dispose() => _client.Dispose();
    }
}
