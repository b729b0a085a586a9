// Lets huifu-contract call the application's own close. It passes on what the application says and decides nothing.
// javac -cp shop.jar CloseAdapter.java && huifu-contract client --client 'cmd:java -cp shop.jar:. CloseAdapter'
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

public class CloseAdapter {
    // >>> your application: the only place to change
    static final String ABOUT = "{\"client\":{\"name\":\"my-shop\",\"version\":\"1\",\"language\":\"java\"},"
        + "\"profiles\":[\"wire\",\"decision\"],"
        + "\"claims\":[]," // of: query, retry, generates-seq, generates-date, webhook, order
        + "\"timeout_s\":15}"; // of one whole close, retries included

    /** What the application says of this close: closed, not_closed, pending, unknown or rejected. */
    static String close(Map<String, Object> config, String baseUrl, Map<String, Object> params) throws Exception {
        // return new CloseService(baseUrl, config).close(params).verdict();
        throw new UnsupportedOperationException("put the call of your application here");
    }
    // <<< end of the place to change

    public static void main(String[] args) throws IOException {
        var protocol = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.US_ASCII);
        System.setOut(System.err); // stdout is for the protocol alone
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        Map<String, Object> config = Map.of();
        for (String line; (line = lines.readLine()) != null; ) {
            var message = object(new StringReader(line));
            if ("hello".equals(message.get("op"))) config = map(message.get("config"));
            // ABOUT and answers are whole objects: the id takes the place of the opening brace
            protocol.print("{\"id\":" + message.get("id") + "," + answer(config, message).substring(1) + "\n");
            protocol.flush();
        }
    }

    static String answer(Map<String, Object> config, Map<String, Object> message) {
        try {
            return switch ((String) message.get("op")) {
                case "hello" -> ABOUT;
                case "close" -> {
                    String said = close(config, (String) message.get("base_url"), map(message.get("params")));
                    yield "{\"outcome\":" + quoted(said) + "}";
                }
                case "bye" -> "{\"ok\":true}";
                default -> "{\"outcome\":\"unsupported\"}";
            };
        } catch (Exception error) {
            String kind = quoted(error.getClass().getName()), message_ = quoted(String.valueOf(error.getMessage()));
            return "{\"outcome\":\"crashed\",\"error\":{\"kind\":" + kind + ",\"message\":" + message_ + "}}";
        }
    }

    // ---- Java has no JSON of its own. This is enough for the kit's messages: objects of texts, numbers and objects.

    static Map<String, Object> object(Reader in) throws IOException {
        var found = new LinkedHashMap<String, Object>();
        in.read();
        for (int c; (c = in.read()) != '}'; ) {
            if (c == ',') c = in.read();
            if (c == '}') break;
            String name = text(in);
            in.read();
            in.mark(1);
            c = in.read();
            if (c == '"') {
                found.put(name, text(in));
            } else {
                in.reset();
                found.put(name, c == '{' ? object(in) : number(in));
            }
        }
        return found;
    }

    static Object number(Reader in) throws IOException {
        var digits = new StringBuilder();
        for (in.mark(1); ; in.mark(1)) {
            int c = in.read();
            if (c == ',' || c == '}' || c < 0) break;
            digits.append((char) c);
        }
        in.reset();
        return digits.toString();
    }

    static String text(Reader in) throws IOException {
        var made = new StringBuilder();
        for (int c; (c = in.read()) != '"'; made.append((char) c)) {
            if (c < 0) throw new EOFException("a text without an end");
            if (c != '\\') continue;
            switch (c = in.read()) {
                case 'b' -> c = '\b';
                case 'f' -> c = '\f';
                case 'n' -> c = '\n';
                case 'r' -> c = '\r';
                case 't' -> c = '\t';
                case 'u' -> {
                    var hex = new char[4];
                    for (int at = 0; at < 4; at++) hex[at] = (char) in.read();
                    c = Integer.parseInt(new String(hex), 16);
                }
                default -> { }
            }
        }
        return made.toString();
    }

    static String quoted(String text) {
        var made = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') made.append('\\').append(c);
            else made.append(c < 32 || c > 126 ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        }
        return made.append('"').toString();
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> map(Object value) {
        return value == null ? Map.of() : (Map<String, Object>) value;
    }
}
