using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Hosting;

/// <summary>Writes the log: one line an entry, as time, level, source and text.</summary>
internal sealed class RuntimeLog(TextWriter output, TimeProvider time) : ILoggerProvider, ILoggerFactory
{
    private const LogLevel Least = LogLevel.Information;
    private readonly Lock gate = new();

    public ILogger CreateLogger(string categoryName) => new Source(this, categoryName);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    private void Write(LogLevel level, string source, string text, Exception? error)
    {
        var line = $"{time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)} {Short(level)} {source} {text}{(error is null ? "" : $": {error}")}";
        try
        {
            lock (gate)
            {
                output.WriteLine(line);
                output.Flush();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // A log that cannot be written must not end what it tells about.
        }
    }

    private static string Short(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "DEBUG",
        LogLevel.Information => "INFO ",
        LogLevel.Warning => "WARN ",
        _ => "ERROR",
    };

    private sealed class Source(RuntimeLog lines, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        // Kestrel tells about every connection; only its troubles matter here.
        public bool IsEnabled(LogLevel logLevel) =>
            logLevel >= Least && (logLevel >= LogLevel.Error || !name.StartsWith("Microsoft.", StringComparison.Ordinal));

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                lines.Write(logLevel, name, formatter(state, exception), exception);
            }
        }
    }
}
