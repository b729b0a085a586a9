// Lets huifu-contract call the application's own close. It passes on what the application says and decides nothing.
// In a console project (net8.0 or newer): huifu-contract client --client 'cmd:dotnet bin/Release/net8.0/CloseAdapter.dll'
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;

// >>> your application: the only place to change
static class Application
{
    public static object About()
    {
        return new
        {
            client = new { name = "my-shop", version = "1", language = "csharp" },
            profiles = new[] { "wire", "decision" },
            claims = new string[0], // of: query, retry, generates-seq, generates-date, webhook, order
            timeout_s = 15, // of one whole close, retries included
        };
    }

    /// <summary>What the application says: closed, not_closed, pending, unknown or rejected.</summary>
    public static object Close(Dictionary<string, string> config, string baseUrl, Dictionary<string, string> given)
    {
        // var said = new CloseService(baseUrl, config).Close(given);
        // return new { outcome = said.Verdict, attempts = said.Attempts };
        throw new NotImplementedException("put the call of your application here");
    }
}
// <<< end of the place to change

static class CloseAdapter
{
    static Dictionary<string, string> config = new Dictionary<string, string>();

    static void Main()
    {
        Stream stdout = Console.OpenStandardOutput();
        Console.SetOut(Console.Error); // stdout is for the protocol alone
        string line;
        while ((line = Console.In.ReadLine()) != null)
        {
            using (JsonDocument document = JsonDocument.Parse(line))
            {
                JsonElement message = document.RootElement;
                object said;
                try
                {
                    said = Answer(message);
                }
                catch (Exception error)
                {
                    said = new { outcome = "crashed", error = new { kind = error.GetType().Name, message = error.Message } };
                }
                // an answer is a whole object: the id takes the place of its opening brace
                string answer = "{\"id\":" + message.GetProperty("id").GetRawText() + "," + JsonSerializer.Serialize(said).Substring(1);
                byte[] sent = Encoding.UTF8.GetBytes(answer + "\n");
                stdout.Write(sent, 0, sent.Length);
                stdout.Flush();
            }
        }
    }

    static object Answer(JsonElement message)
    {
        switch (message.GetProperty("op").GetString())
        {
            case "hello":
                config = Texts(message.GetProperty("config"));
                return Application.About();
            case "close":
                string baseUrl = message.GetProperty("base_url").GetString();
                return Application.Close(config, baseUrl, Texts(message.GetProperty("params")));
            case "bye":
                return new { ok = true };
            default:
                return new { outcome = "unsupported" };
        }
    }

    static Dictionary<string, string> Texts(JsonElement given)
    {
        return JsonSerializer.Deserialize<Dictionary<string, string>>(given.GetRawText());
    }
}
