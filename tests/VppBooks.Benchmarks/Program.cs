Console.WriteLine("VppBooks benchmarks");
