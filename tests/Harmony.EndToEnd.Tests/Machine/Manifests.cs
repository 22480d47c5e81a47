namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>Small workloads of BusyBox.</summary>
internal static class Manifests
{
    /// <summary>A Deployment of one replica that runs a shell script.</summary>
    /// <param name="more">Lines of the container, indented by eight blanks.</param>
    public static string Deployment(string name, string script, string more = "", string image = "busybox:1") => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{name}}
        spec:
          selector:
            matchLabels: {app: {{name}}}
          template:
            metadata:
              labels: {app: {{name}}}
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - name: main
                image: {{image}}
                command: ["sh", "-c", "{{script}}"]
        {{more}}
        """;

    /// <summary>A web page of one line, with the Service that publishes it.</summary>
    public static string Page(string name, string text) => Deployment(name, $"echo {text} > /tmp/index.html; exec httpd -f -p 80 -h /tmp", """
                readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}
        """) + $$"""

        ---
        apiVersion: v1
        kind: Service
        metadata: {name: {{name}}}
        spec:
          type: LoadBalancer
          selector: {app: {{name}}}
          ports: [{name: http, port: 8080, targetPort: 80}]
        """;
}
