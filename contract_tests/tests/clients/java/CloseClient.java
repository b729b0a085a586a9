// A small, correct client of the close endpoint: the JDK alone.
//
// It says closed or not_closed only when Huifu said so, signed, about this very order. After any doubt it asks
// closequery; it never sends a close with a new number.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.*;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.*;
import java.time.format.DateTimeFormatter;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.Collectors;

public class CloseClient {
    /** What a close ends with; closed and not_closed are certain, rejected sent nothing. */
    public record Said(String verdict, Map<String, String> reply, int attempts) { }

    static final int MOST_BYTES = 1 << 20;
    static final Map<String, Integer> LENGTHS =
        Map.of("req_seq_id", 128, "huifu_id", 32, "org_req_seq_id", 128, "org_hf_seq_id", 128);
    static final List<String> ECHOED = List.of("req_date", "req_seq_id", "huifu_id");
    static final List<String> NAMED = List.of("huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id");
    /** With F these say that nothing was done; 23000000 does not, for it may speak of an earlier close. */
    static final Set<String> CERTAIN = Set.of("10000000", "21000000", "22000000", "23000001", "23000004");
    static final Set<String> SYSTEM = Set.of("90000000", "98888888", "99999999");

    final String baseUrl;
    final Map<String, Object> config;
    final PrivateKey merchant;
    final PublicKey huifu;
    final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    Duration timeout = Duration.ofSeconds(15);
    Duration attemptTimeout = Duration.ofSeconds(5);
    int mostAttempts = 5;
    Duration firstPause = Duration.ofMillis(100);

    static {
        System.setProperty("jdk.httpclient.keepalive.timeout", "0"); // a stale connection can never be used
    }

    /** Keys are one line of Base64: PKCS8 and X.509. */
    public CloseClient(String baseUrl, Map<String, Object> config) throws GeneralSecurityException {
        this.baseUrl = baseUrl;
        this.config = config;
        var rsa = KeyFactory.getInstance("RSA");
        merchant = rsa.generatePrivate(new PKCS8EncodedKeySpec(der("merchant_private_key")));
        huifu = rsa.generatePublic(new X509EncodedKeySpec(der("huifu_public_key")));
    }

    public Said close(Map<String, ?> params) throws GeneralSecurityException, InterruptedException {
        var data = new TreeMap<String, String>();
        data.putAll(Map.of("req_date", today(), "req_seq_id", fresh(), "huifu_id", (String) config.get("huifu_id")));
        params.forEach((name, value) -> data.put(name, (String) value));
        boolean tooLong = LENGTHS.entrySet().stream().anyMatch(limit -> {
            String value = data.getOrDefault(limit.getKey(), "");
            return value.codePointCount(0, value.length()) > limit.getValue();
        });
        boolean nameless = data.getOrDefault("org_req_seq_id", "").isEmpty()
            && data.getOrDefault("org_hf_seq_id", "").isEmpty();
        if (tooLong || nameless) return new Said("rejected", null, 0);
        long until = System.nanoTime() + timeout.toNanos();
        String standing = "doubt";
        Map<String, String> reply = null;
        int attempt = 0;
        for (long gap = firstPause.toMillis(); ; gap *= 2) {
            boolean asking = attempt > 0 && !standing.equals("busy") && !standing.equals("resend");
            var heard = exchange(asking ? "closequery" : "close", asking ? query(data) : data, until);
            if (heard != null) reply = heard;
            standing = asking ? afterQuery(heard, standing) : afterClose(heard);
            attempt++;
            if (standing.equals("closed") || standing.equals("not_closed")) return new Said(standing, reply, attempt);
            // time makes these clear, and the application can ask again later
            boolean clears = standing.equals("busy") || standing.equals("pending");
            boolean enough = standing.equals("young") || attempt >= 3 && clears;
            if (enough || attempt >= mostAttempts || System.nanoTime() + gap * 1_000_000 >= until) break;
            Thread.sleep(gap);
        }
        boolean waiting = standing.equals("young") || standing.equals("pending");
        return new Said(waiting ? "pending" : "unknown", reply, attempt);
    }

    /** The data of a whole, genuine reply to this very request; null where there is none. */
    Map<String, String> exchange(String op, SortedMap<String, String> data, long until)
        throws GeneralSecurityException, InterruptedException {
        var signer = Signature.getInstance("SHA256withRSA");
        signer.initSign(merchant);
        signer.update(canonical(data).getBytes(StandardCharsets.UTF_8));
        String sign = Base64.getEncoder().encodeToString(signer.sign());
        String body = "{\"sys_id\":" + quoted((String) config.get("sys_id")) + ",\"product_id\":"
            + quoted((String) config.get("product_id")) + ",\"sign\":" + quoted(sign) + ",\"data\":" + canonical(data) + "}";
        byte[] received = post("/v2/trade/payment/scanpay/" + op, body, until);
        if (received == null) return null;
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(received)).toString();
            var envelope = new Reading(text).envelope();
            if (envelope.data == null || envelope.sign == null) return null;
            var verifier = Signature.getInstance("SHA256withRSA");
            verifier.initVerify(huifu);
            verifier.update(envelope.raw.getBytes(StandardCharsets.UTF_8));
            boolean genuine = verifier.verify(Base64.getDecoder().decode(envelope.sign));
            return genuine && answers(envelope.data, data) ? envelope.data : null;
        } catch (CharacterCodingException | SignatureException | IllegalArgumentException unreadable) {
            return null; // whatever is wrong with it, it is no reply
        }
    }

    /** The body of a whole reply with status 200, all of it in time; null otherwise. */
    byte[] post(String path, String body, long until) throws InterruptedException {
        long left = Math.max(1_000_000, Math.min(attemptTimeout.toNanos(), until - System.nanoTime()));
        var request = HttpRequest.newBuilder(URI.create(baseUrl + path))
            .header("Content-Type", "application/json;charset=UTF-8")
            .POST(HttpRequest.BodyPublishers.ofString(body)).build();
        var sent = http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
        try {
            var response = sent.get(left, TimeUnit.NANOSECONDS); // a timeout of the request ends with the headers
            return response.statusCode() == 200 && response.body().length <= MOST_BYTES ? response.body() : null;
        } catch (TimeoutException | ExecutionException noReply) {
            sent.cancel(true);
            return null;
        }
    }

    /** What is signed: top-level names in order, compact, nothing escaped that need not be. */
    static String canonical(SortedMap<String, String> data) {
        return data.entrySet().stream().map(member -> quoted(member.getKey()) + ":" + quoted(member.getValue()))
            .collect(Collectors.joining(",", "{", "}"));
    }

    /** A genuine reply to another request is no reply to this one. */
    static boolean answers(Map<String, String> reply, Map<String, String> sent) {
        return ECHOED.stream().allMatch(name -> sent.get(name).equals(reply.get(name)))
            && NAMED.stream().allMatch(name ->
                !sent.containsKey(name) || reply.get(name) == null || sent.get(name).equals(reply.get(name)));
    }

    static String afterClose(Map<String, String> reply) {
        String code = said(reply, "resp_code");
        return switch (said(reply, "trans_stat")) {
            case "S" -> "closed";
            case "P" -> "pending";
            case "F" -> code.equals("20000001") ? said(reply, "resp_desc").contains("一分钟") ? "young" : "busy"
                : CERTAIN.contains(code) ? "not_closed" : SYSTEM.contains(code) ? "doubt" : "refused";
            default -> "doubt";
        };
    }

    /** 23000001 says here that Huifu knows of no close (assumed). */
    static String afterQuery(Map<String, String> reply, String standing) {
        String code = said(reply, "resp_code");
        return switch (said(reply, "trans_stat")) {
            case "S" -> "closed";
            case "P" -> "pending";
            case "F" -> code.equals("23000001") ? standing.equals("refused") ? "not_closed" : "resend"
                : code.equals("00000000") || code.equals("00000100") ? "not_closed" : standing;
            default -> standing;
        };
    }

    static String said(Map<String, String> reply, String name) {
        return reply == null || reply.get(name) == null ? "" : reply.get(name);
    }

    static SortedMap<String, String> query(Map<String, String> data) {
        var made = new TreeMap<>(Map.of("req_date", today(), "req_seq_id", fresh()));
        for (String name : NAMED) if (data.containsKey(name)) made.put(name, data.get(name));
        return made;
    }

    static String today() {
        return ZonedDateTime.now(ZoneOffset.ofHours(8)).format(DateTimeFormatter.BASIC_ISO_DATE).substring(0, 8);
    }

    static String fresh() {
        return UUID.randomUUID().toString();
    }

    byte[] der(String name) {
        return Base64.getDecoder().decode((String) config.get(name));
    }

    static String quoted(String text) {
        var made = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            switch (c) {
                case '"' -> made.append("\\\"");
                case '\\' -> made.append("\\\\");
                case '\b' -> made.append("\\b");
                case '\f' -> made.append("\\f");
                case '\n' -> made.append("\\n");
                case '\r' -> made.append("\\r");
                case '\t' -> made.append("\\t");
                default -> made.append(c < 32 ? String.format("\\u%04x", (int) c) : String.valueOf(c));
            }
        }
        return made.append('"').toString();
    }

    /** Reads an envelope without losing the text of `data`. Values that are no texts count as absent. */
    static final class Reading {
        static final int DEEPEST = 32;
        final String text;
        int at;
        Map<String, String> data;
        String raw, sign;

        Reading(String text) {
            this.text = text;
        }

        Reading envelope() {
            members((name, depth) -> {
                int from = at;
                if (name.equals("data") && peek() == '{') {
                    data = new HashMap<>();
                    members((field, below) -> {
                        if (peek() == '"') data.put(field, string());
                        else value(below);
                    }, depth);
                    raw = text.substring(from, at);
                } else if (name.equals("sign") && peek() == '"') {
                    sign = string();
                } else {
                    value(depth);
                }
            }, 0);
            space();
            if (at != text.length()) throw wrong();
            return this;
        }

        interface Member { void read(String name, int depth); }

        void members(Member each, int depth) {
            if (depth > DEEPEST) throw wrong();
            var names = new HashSet<String>();
            space();
            expect('{');
            space();
            if (peek() == '}') { at++; return; }
            while (true) {
                space();
                String name = string();
                if (!names.add(name)) throw wrong(); // a name twice has no meaning
                space();
                expect(':');
                space();
                each.read(name, depth + 1);
                space();
                if (peek() == ',') { at++; continue; }
                expect('}');
                return;
            }
        }

        void value(int depth) {
            if (depth > DEEPEST) throw wrong();
            switch (peek()) {
                case '{' -> members((name, below) -> value(below), depth);
                case '"' -> string();
                case '[' -> {
                    at++;
                    space();
                    while (peek() != ']') {
                        value(depth + 1);
                        space();
                        if (peek() == ',') { at++; space(); }
                        else if (peek() != ']') throw wrong();
                    }
                    at++;
                }
                default -> {
                    int from = at;
                    while (at < text.length() && ",}] \t\r\n".indexOf(text.charAt(at)) < 0) at++;
                    if (!text.substring(from, at).matches("true|false|null|-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?")) throw wrong();
                }
            }
        }

        String string() {
            expect('"');
            var made = new StringBuilder();
            for (char c; (c = next()) != '"'; ) {
                if (c < 32) throw wrong();
                if (c != '\\') { made.append(c); continue; }
                switch (c = next()) {
                    case '"', '\\', '/' -> made.append(c);
                    case 'b' -> made.append('\b');
                    case 'f' -> made.append('\f');
                    case 'n' -> made.append('\n');
                    case 'r' -> made.append('\r');
                    case 't' -> made.append('\t');
                    case 'u' -> {
                        if (at + 4 > text.length()) throw wrong();
                        made.append((char) HexFormat.fromHexDigits(text, at, at + 4));
                        at += 4;
                    }
                    default -> throw wrong();
                }
            }
            return made.toString();
        }

        void space() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        }

        char peek() {
            if (at >= text.length()) throw wrong();
            return text.charAt(at);
        }

        char next() {
            char c = peek();
            at++;
            return c;
        }

        void expect(char wanted) {
            if (next() != wanted) throw wrong();
        }

        IllegalArgumentException wrong() {
            return new IllegalArgumentException("no JSON at " + at);
        }
    }
}
