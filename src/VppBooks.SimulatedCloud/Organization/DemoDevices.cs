using System.Globalization;

namespace VppBooks.SimulatedCloud.Organization;

/// <summary>About 600 managed devices: shared and personal ones, and some on which nothing is known of the Books app.</summary>
internal static class DemoDevices
{
    public static void Fill(SimulatedDirectory directory, DemoPeople people, int seed)
    {
        var ids = new SeededIds(seed);
        var holders = people.Pupils.Where((_, index) => index % 2 == 0).Prepend(people.Reader).ToArray();
        foreach (var holder in holders)
        {
            Add(Owned("iPad of ", holder));
        }

        foreach (var holder in people.Staff.Where((_, index) => index % 5 == 0))
        {
            var phone = Owned("iPhone of ", holder);
            phone.OwnerType = "personal";
            phone.OperatingSystem = "iOS";
            phone.IsSupervised = false;
            phone.EnrollmentType = directory.Devices.Count % 2 == 0 ? "appleUserEnrollment" : "userEnrollment";
            Add(phone);
        }

        for (var i = 0; i < 80; i++)
        {
            var shared = New(string.Create(CultureInfo.InvariantCulture, $"Shared iPad {i + 1:000}"));
            shared.EnrollmentType = "appleBulkWithoutUser";
            Add(shared);
        }

        foreach (var holder in people.Staff.Where((_, index) => index % 20 == 3))
        {
            var laptop = Owned("MacBook of ", holder);
            laptop.OperatingSystem = "macOS";
            Add(laptop);
        }

        void Add(SimulatedDevice device) => directory.Devices.Add(device.Id, device);

        SimulatedDevice Owned(string prefix, SimulatedPerson holder)
        {
            var device = New(prefix + holder.DisplayName);
            device.UserId = holder.Id;
            return device;
        }

        SimulatedDevice New(string name)
        {
            var index = directory.Devices.Count;
            return new SimulatedDevice
            {
                Id = ids.Next(IdKind.Device, index),
                DeviceName = name,
                OsVersion = (index % 7) switch { 0 => "18.7", 1 or 2 => "26.0.1", _ => "26.1" },
                SerialNumber = string.Create(CultureInfo.InvariantCulture, $"DMQX{index:0000}K9LJ"),
                BooksAppInstalled = (index % 10) switch { 3 => false, 6 => null, _ => true },
            };
        }
    }
}
