import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** Three requests at the same time by Java's HttpClient, which prefers HTTP/2: Call2 URL. Exit status 0 where all were answered 200 by HTTP/2. */
public class Call2 {
    public static void main(String[] args) throws Exception {
        var client = HttpClient.newHttpClient();
        var first = client.send(request(args[0], 0), HttpResponse.BodyHandlers.ofString());
        var rest = IntStream.of(1, 2).mapToObj(at -> client.sendAsync(request(args[0], at), HttpResponse.BodyHandlers.ofString())).toList();
        var good = isGood(first) && rest.stream().map(CompletableFuture::join).allMatch(Call2::isGood);
        System.exit(good ? 0 : 1);
    }

    private static HttpRequest request(String url, int at) {
        var request = HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + System.getenv("CALL_TOKEN"));
        return (at == 0 ? request.GET() : request.POST(HttpRequest.BodyPublishers.ofString("{\"at\":" + at + "}"))).build();
    }

    private static boolean isGood(HttpResponse<String> response) {
        System.err.println(response.statusCode() + " by " + response.version());
        return response.statusCode() == 200 && response.version() == HttpClient.Version.HTTP_2;
    }
}
