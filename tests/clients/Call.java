import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** One GET by Java: Call HttpClient|URLConnection URL. Token from CALL_TOKEN. Exit status 0 for an answer of 200. */
public class Call {
    public static void main(String[] args) throws Exception {
        var uri = URI.create(args[1]);
        var authorization = "Bearer " + System.getenv("CALL_TOKEN");
        var status = args[0].equals("HttpClient") ? byClient(uri, authorization) : byConnection(uri, authorization);
        if (status != 200) {
            System.err.println("the answer is " + status);
        }
        System.exit(status == 200 ? 0 : 1);
    }

    private static int byClient(URI uri, String authorization) throws Exception {
        var request = HttpRequest.newBuilder(uri).version(HttpClient.Version.HTTP_1_1).header("Authorization", authorization).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    }

    private static int byConnection(URI uri, String authorization) throws Exception {
        var connection = (HttpURLConnection) uri.toURL().openConnection();
        connection.setRequestProperty("Authorization", authorization);
        return connection.getResponseCode();
    }
}
