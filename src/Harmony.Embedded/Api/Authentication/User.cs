namespace Harmony.Embedded.Api.Authentication;

/// <summary>Who makes a request. Everybody who is somebody may do everything: this is a runtime for one person on one machine.</summary>
public sealed record User(string Name, string? Uid, IReadOnlyList<string> Groups)
{
    public static User Anonymous { get; } = new("system:anonymous", null, ["system:unauthenticated"]);

    /// <summary>Whether it comes with the administrator's certificate.</summary>
    public bool IsAdministrator => Groups.Contains("system:masters");

    public bool IsAnonymous => ReferenceEquals(this, Anonymous);
}
