namespace Harmony.Benchmarks.Budgets;

/// <summary>One budget of the design, measured on harmony and on its peers in turn, so that what else the machine does meets all alike.</summary>
internal interface IBudget
{
    string Title { get; }

    Task MeasureAsync(Bench bench);
}
