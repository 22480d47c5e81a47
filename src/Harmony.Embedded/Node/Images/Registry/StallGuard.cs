using Harmony.Platform;

namespace Harmony.Embedded.Node.Images.Registry;

/// <summary>A body that must go on coming: a read that waits longer than the bound is an <see cref="IOException"/>.</summary>
internal sealed class StallGuard(Stream inner, IDisposable owner, TimeSpan bound) : SequentialStream
{
    public override bool CanRead => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(bound);
        try
        {
            return await inner.ReadAsync(buffer, timer.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"the registry sent nothing for {bound.TotalSeconds:0} s", e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            owner.Dispose();
        }

        base.Dispose(disposing);
    }
}
