namespace VppBooks.Apple.Wire;

/// <summary>An answer that is JSON but not the one that was asked for. Never quotes the answer.</summary>
internal sealed class WireFormatException(string message) : Exception(message);
