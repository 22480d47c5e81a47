namespace Harmony.Embedded.Storage;

/// <summary>Where an object is stored: by resource (<c>deployments.apps</c>, whatever the version), namespace (empty for none) and name.</summary>
public readonly record struct ObjectKey(string Resource, string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? $"{Resource}/{Name}" : $"{Resource}/{Namespace}/{Name}";
}
