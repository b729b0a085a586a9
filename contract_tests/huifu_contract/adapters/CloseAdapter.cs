// Lets huifu-contract call the application's own close. It passes on what the application says and decides nothing.
// In a console project (net8.0 or newer): huifu-contract client --client 'cmd:dotnet bin/Release/net8.0/CloseAdapter.dll'
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

Stream stdout = Console.OpenStandardOutput();
Console.SetOut(Console.Error); // stdout is for the protocol alone
var config = new Dictionary<string, string>();
for (string? line; (line = Console.In.ReadLine()) is not null;)
{
    JsonObject message = JsonNode.Parse(line)!.AsObject();
    JsonObject said;
    try
    {
        said = Answer(message);
    }
    catch (Exception error)
    {
        said = new JsonObject
        {
            ["outcome"] = "crashed",
            ["error"] = new JsonObject { ["kind"] = error.GetType().Name, ["message"] = error.Message },
        };
    }
    said["id"] = (long)message["id"]!;
    stdout.Write(Encoding.UTF8.GetBytes(said.ToJsonString() + "\n"));
    stdout.Flush();
}

JsonObject Answer(JsonObject message)
{
    switch ((string)message["op"]!)
    {
        case "hello":
            config = message["config"].Deserialize<Dictionary<string, string>>()!;
            return Application.About();
        case "close":
            var given = message["params"].Deserialize<Dictionary<string, string>>()!;
            return Application.Close(config, (string)message["base_url"]!, given);
        case "bye":
            return new JsonObject { ["ok"] = true };
        default:
            return new JsonObject { ["outcome"] = "unsupported" };
    }
}

// >>> your application: the only place to change
static class Application
{
    public static JsonObject About() => new()
    {
        ["client"] = new JsonObject { ["name"] = "my-shop", ["version"] = "1", ["language"] = "csharp" },
        ["profiles"] = new JsonArray("wire", "decision"),
        ["claims"] = new JsonArray(), // of: query, retry, generates-seq, generates-date, webhook, order
        ["timeout_s"] = 15, // of one whole close, retries included
    };

    /// <summary>What the application says: closed, not_closed, pending, unknown or rejected.</summary>
    public static JsonObject Close(Dictionary<string, string> config, string baseUrl, Dictionary<string, string> given)
    {
        // var said = new CloseService(baseUrl, config).Close(given);
        // return new JsonObject { ["outcome"] = said.Verdict, ["attempts"] = said.Attempts };
        throw new NotImplementedException("put the call of your application here");
    }
}
// <<< end of the place to change
