namespace Harmony.Embedded.Api.Schemas;

/// <summary>What a value of a schema looks like in JSON.</summary>
public enum SchemaKind
{
    /// <summary>Anything: a raw extension, or a custom field that says nothing about itself.</summary>
    Any,

    /// <summary>An object with named fields (a Go struct).</summary>
    Object,

    /// <summary>An object whose keys are free and whose values are alike (a Go map).</summary>
    Map,

    List,

    String,

    /// <summary>A string in base64 (a Go byte slice).</summary>
    Bytes,

    Integer,

    Number,

    Boolean,

    IntOrString,

    /// <summary>resource.Quantity: <c>100m</c>, <c>1Gi</c>, or a number.</summary>
    Quantity,

    /// <summary>metav1.Time, to the second.</summary>
    Time,

    /// <summary>metav1.MicroTime.</summary>
    MicroTime,
}
