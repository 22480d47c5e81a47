namespace Harmony.Embedded.Api.Schemas;

/// <summary>What becomes of fields that a schema does not know, and of those given twice: the <c>fieldValidation</c> parameter.</summary>
public enum FieldValidation
{
    /// <summary>Dropped, with a Warning header for each; what an absent parameter means.</summary>
    Warn,

    /// <summary>Dropped silently.</summary>
    Ignore,

    /// <summary>The request is refused.</summary>
    Strict,
}
