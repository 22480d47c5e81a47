using Harmony.Platform.Files;
using Microsoft.Data.Sqlite;

namespace Harmony.Embedded.Storage;

/// <summary>The objects on disk: one SQLite file with a write-ahead log. A transaction that has returned survives a kill of the process.</summary>
internal sealed class Database : IDisposable
{
    /// <summary>The version of the tables below, kept in <c>PRAGMA user_version</c>.</summary>
    private const int SchemaVersion = 1;

    private readonly SqliteConnection connection;
    private readonly SqliteCommand put;
    private readonly SqliteCommand delete;
    private readonly SqliteCommand setRevision;

    private Database(string path, SqliteConnection connection)
    {
        Path = path;
        this.connection = connection;
        put = Command("INSERT OR REPLACE INTO objects (resource, namespace, name, revision, json) VALUES ($resource, $namespace, $name, $revision, $json)",
            "$resource", "$namespace", "$name", "$revision", "$json");
        delete = Command("DELETE FROM objects WHERE resource = $resource AND namespace = $namespace AND name = $name", "$resource", "$namespace", "$name");
        setRevision = Command("INSERT OR REPLACE INTO properties (name, value) VALUES ('revision', $value)", "$value");
        using var read = Command("SELECT value FROM properties WHERE name = 'revision'");
        Revision = read.ExecuteScalar() is long value ? value : 0;
    }

    public string Path { get; }

    /// <summary>The last revision that was written before this process.</summary>
    public long Revision { get; }

    public static Database Open(string path)
    {
        Disk.CreateFolder(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        var opened = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 10 }.ToString());
        try
        {
            opened.Open();
            if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
            {
                Disk.SetMode(path, Disk.Private);
            }

            Run(opened, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-512;");
            using var ask = opened.CreateCommand();
            ask.CommandText = "PRAGMA user_version";
            var version = (long)ask.ExecuteScalar()!;
            if (version > SchemaVersion)
            {
                throw new EmbeddedException(EmbeddedError.DatabaseTooNew, $"the database {path} was written by a newer harmony (version {version} of its tables, this one knows {SchemaVersion})", "Use the newer harmony again, or remove the embedded runtime's data with `harmony runtime uninstall embedded`.");
            }

            if (version == 0)
            {
                Run(opened, $"""
                    BEGIN IMMEDIATE;
                    CREATE TABLE objects (resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, json BLOB NOT NULL,
                        PRIMARY KEY (resource, namespace, name)) WITHOUT ROWID;
                    CREATE TABLE properties (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
                    PRAGMA user_version = {SchemaVersion};
                    COMMIT;
                    """);
            }

            return new Database(path, opened);
        }
        catch (Exception e)
        {
            opened.Dispose();
            throw e as EmbeddedException ?? Failure("open", path, e);
        }
    }

    public List<StoredObject> ReadAll()
    {
        var all = new List<StoredObject>();
        try
        {
            using var read = Command("SELECT resource, namespace, name, revision, json FROM objects ORDER BY resource, namespace, name");
            using var rows = read.ExecuteReader();
            while (rows.Read())
            {
                all.Add(new StoredObject(new(string.Intern(rows.GetString(0)), string.Intern(rows.GetString(1)), rows.GetString(2)), rows.GetInt64(3), (byte[])rows[4]));
            }
        }
        catch (Exception e) when (e is SqliteException or System.Text.Json.JsonException or InvalidCastException)
        {
            throw Failure("read", Path, e);
        }

        return all;
    }

    /// <summary>Writes the changes and the new revision, all or nothing.</summary>
    public void Write(IReadOnlyList<StoredChange> changes, long revision)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        put.Transaction = delete.Transaction = setRevision.Transaction = transaction;
        foreach (var change in changes)
        {
            var deleting = change.Type == Api.WatchEventType.Deleted;
            var command = deleting ? delete : put;
            command.Parameters[0].Value = change.Object.Key.Resource;
            command.Parameters[1].Value = change.Object.Key.Namespace;
            command.Parameters[2].Value = change.Object.Key.Name;
            if (!deleting)
            {
                command.Parameters[3].Value = change.Revision;
                command.Parameters[4].Value = change.Object.Utf8.ToArray();
            }

            command.ExecuteNonQuery();
        }

        setRevision.Parameters[0].Value = revision;
        setRevision.ExecuteNonQuery();
        transaction.Commit();
    }

    public void Dispose()
    {
        put.Dispose();
        delete.Dispose();
        setRevision.Dispose();
        connection.Dispose();
    }

    internal static EmbeddedException Failure(string doing, string path, Exception cause)
    {
        const int Corrupt = 11, Full = 13, NotADatabase = 26;
        var code = (cause as SqliteException)?.SqliteErrorCode;
        return code is Corrupt or NotADatabase || cause is System.Text.Json.JsonException or InvalidCastException
            ? new(EmbeddedError.DatabaseDamaged, $"cannot {doing} the embedded runtime's database {path}: it is damaged",
                $"Nothing was changed. Restore the file from a backup, or move {path} (with its -wal and -shm files) away and start again with an empty cluster.", cause)
            : new(EmbeddedError.DatabaseUnavailable, $"cannot {doing} the embedded runtime's database {path}: {cause.Message}",
                code == Full ? "Free some space on this disk, then try again." : "Check that the folder exists, that its disk has space, and that you may write to it.", cause);
    }

    private SqliteCommand Command(string text, params ReadOnlySpan<string> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var name in parameters)
        {
            command.Parameters.Add(new SqliteParameter(name, value: null));
        }

        return command;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
