namespace Harmony.Benchmarks;

/// <summary>Something could not be measured; the message has the command line and what it said.</summary>
internal sealed class BenchException(string message) : Exception(message);
