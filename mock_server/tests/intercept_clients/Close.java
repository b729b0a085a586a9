// Closes an order, queries it and is refused, against the address that is a constant in it.
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.entity.ContentType;
import org.apache.http.entity.StringEntity;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.util.EntityUtils;

public class Close {
    static final String HOST = "https://api.huifu.com";
    static final Pattern REPLY = Pattern.compile("\\{\"data\":(\\{.*\\}),\"sign\":\"([^\"]+)\"\\}");

    interface Way {
        String send(String url, String body) throws Exception;
    }

    static final Map<String, Way> WAYS = Map.of(
        "jdk", (url, body) -> HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(URI.create(url)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.ofString())
            .body(),
        "url", (url, body) -> {
            HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
            connection.setDoOutput(true);
            connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
            return new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        },
        "apache", (url, body) -> {
            HttpPost post = new HttpPost(url);
            post.setEntity(new StringEntity(body, ContentType.APPLICATION_JSON));
            try (var client = HttpClients.createDefault(); var reply = client.execute(post)) {
                return EntityUtils.toString(reply.getEntity(), StandardCharsets.UTF_8);
            }
        });

    static final Map<String, String> ORDERS =
        Map.of("jdk", "order-open", "url", "order-alipay", "apache", "order-close-twice");

    static String json(Map<String, String> members) {
        return members.entrySet().stream().map(m -> '"' + m.getKey() + "\":\"" + m.getValue() + '"')
            .collect(Collectors.joining(",", "{", "}"));
    }

    static void call(String how, String name, String path, String order) throws Exception {
        KeyFactory rsa = KeyFactory.getInstance("RSA");
        String data = json(new TreeMap<>(Map.of(
            "req_date", "20260102", "req_seq_id", "java-" + how + "-" + name, "huifu_id", System.getenv("HUIFU_ID"),
            "org_req_date", "20260101", "org_req_seq_id", order)));
        Signature signer = Signature.getInstance("SHA256withRSA");
        signer.initSign(rsa.generatePrivate(
            new PKCS8EncodedKeySpec(Base64.getDecoder().decode(System.getenv("HUIFU_MERCHANT_PRIVATE_KEY")))));
        signer.update(data.getBytes(StandardCharsets.UTF_8));
        String body = "{\"sys_id\":\"" + System.getenv("HUIFU_SYS_ID") + "\",\"product_id\":\""
            + System.getenv("HUIFU_PRODUCT_ID") + "\",\"data\":" + data + ",\"sign\":\""
            + Base64.getEncoder().encodeToString(signer.sign()) + "\"}";
        var reply = REPLY.matcher(WAYS.get(how).send(HOST + path, body));
        if (!reply.matches()) throw new IllegalStateException("this is no reply");
        Signature verifier = Signature.getInstance("SHA256withRSA");
        verifier.initVerify(rsa.generatePublic(
            new X509EncodedKeySpec(Base64.getDecoder().decode(System.getenv("HUIFU_PUBLIC_KEY")))));
        verifier.update(reply.group(1).getBytes(StandardCharsets.UTF_8));
        if (!verifier.verify(Base64.getDecoder().decode(reply.group(2)))) throw new SecurityException(name);
        System.out.println(name + " " + member(reply.group(1), "resp_code") + " " + member(reply.group(1), "trans_stat"));
    }

    static String member(String data, String name) {
        var found = Pattern.compile('"' + name + "\":\"([^\"]*)\"").matcher(data);
        return found.find() ? found.group(1) : "";
    }

    public static void main(String[] ways) throws Exception {
        for (String how : ways) {
            call(how, "close", "/v2/trade/payment/scanpay/close", ORDERS.get(how));
            call(how, "query", "/v3/trade/payment/scanpay/query", "order-open");
            call(how, "refusal", "/v2/trade/payment/scanpay/close", "order-paid");
        }
    }
}
