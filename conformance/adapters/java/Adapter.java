// SPDX-License-Identifier: MIT
//
// The adapter of AWS's SDK for Java: `invoke`, `http.request`, `http.response` and `endpoint.resolve` by the asynchronous
// client of sagemakerruntime (the synchronous one does not have the operation), `sigv4.*` by AwsV4HttpSigner, or by Aws4Signer
// where AwsV4HttpSigner would add x-amz-content-sha256, `eventstream.*` by software.amazon.eventstream, which the client uses.
//
// The argument is the read timeout of a call in milliseconds, for a case that has none. Each call has a new client and one
// attempt. A call that does not end gets no reply: the suite ends this process. `http.request` and `endpoint.resolve` return
// the request that the client passes to its HTTP client, and `http.response` the result for a given response. Only that HTTP
// client is ours. An error has the name of its class; a class that many errors share is distinguished by the message.
//
// The signers return only the last stage of a signature. `output.sent` is the request as the SDK's adapter to Netty and
// Netty's encoder write it. The length of a body is added after signing, as the SDK does.
// MessageDecoder has no method for the end of a stream, so it does not report an incomplete frame.

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpRequestEncoder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.*;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.auth.signer.Aws4Signer;
import software.amazon.awssdk.auth.signer.params.Aws4SignerParams;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkGlobalTime;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.SdkHttpFullRequest;
import software.amazon.awssdk.http.SdkHttpFullResponse;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.internal.RequestAdapter;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeAsyncClient;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeAsyncClientBuilder;
import software.amazon.awssdk.services.sagemakerruntime.model.*;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;
import software.amazon.eventstream.MessageDecoder;

public final class Adapter {
    static Duration usualTimeout;
    static PrintStream answers;

    /** An answer with another status than `ok`. */
    static final class Refusal extends Exception {
        final Map<String, Object> answer;

        Refusal(Map<String, Object> answer) {
            this.answer = answer;
        }
    }

    static Refusal unsupported(String reason) {
        return new Refusal(map("status", "unsupported", "reason", reason));
    }

    // ---- errors ---------------------------------------------------------------------------------------------------

    // Classes or parts of error messages, and the kinds that they can stand for; the first match counts.
    static final String[][] KINDS = {
        {"Prelude checksum", "prelude_crc"}, {"Message checksum", "message_crc"}, {"Illegal payload size", "length limit"},
        {"Got unknown headerTypeId", "header_type"}, {"may not be empty", "header"}, {"Illegal string length", "limit constraint"},
        {"Illegal byte array length", "limit"}, {"java.nio.BufferUnderflowException", "header"}, {"Timeout", "timeout"},
        {"java.net.ConnectException", "network"}, {"Connection reset", "network"}, {"DecoderException", "http"},
        {"invalid version format", "http"}, {"java.lang.NumberFormatException", "syntax"}, {"prohibited character", "constraint"},
        {"Response had content-length", "truncated"}, {"connection was closed during the request", "network"},
        {"ClosedChannelException", "network"}, {"Invalid Configuration", "configuration"}, {"URISyntaxException", "configuration"},
        {"invalid URI", "configuration"}, {"egion", "configuration"}, {"endpointOverride", "configuration"},
        {"Protocol must be", "configuration"}, {"host must not be null", "configuration"}, {"cannot be empty", "constraint"},
        {"must not be null", "constraint"},
    };

    /** Return the names of errors that can stand for several kinds, as in `hello`. */
    static Map<String, Object> kinds() {
        Map<String, Object> kinds = new LinkedHashMap<>();
        for (String[] row : KINDS) {
            if (row[1].contains(" ")) {
                kinds.put(row[0], Arrays.asList(row[1].split(" ")));
            }
        }
        return kinds;
    }

    static Map<String, Object> reject(Throwable error) {
        StringBuilder said = new StringBuilder();
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            said.append(said.length() == 0 ? "" : ": ").append(cause.getClass().getName()).append(' ').append(cause.getMessage());
        }
        String kind = error.getClass().getName();
        for (String[] row : KINDS) {
            if (said.indexOf(row[0]) >= 0) {
                kind = row[1].contains(" ") ? row[0] : row[1];
                break;
            }
        }
        return map("status", "reject", "kind", kind, "message", said.toString());
    }

    /** The answer for an error of a call; errors after the head of a success are errors in the stream. */
    static Map<String, Object> rejectCall(Throwable error, boolean inStream) {
        Map<String, Object> answer = reject(error);
        if (error instanceof AwsServiceException) {
            AwsServiceException service = (AwsServiceException) error;
            boolean modelled = error instanceof ModelStreamErrorException || error instanceof InternalStreamFailureException;
            answer.put("kind", !inStream ? "service_error" : modelled ? "exception" : "unmodeled");
            String code = service.awsErrorDetails() == null ? null : service.awsErrorDetails().errorCode();
            String named = error.getClass().getSimpleName().replaceAll("Exception$", "");
            answer.put("code", code == null && modelled ? named : code);
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("Message", service.awsErrorDetails() == null ? service.getMessage() : service.awsErrorDetails().errorMessage());
            for (SdkField<?> field : ((SdkPojo) error).sdkFields()) {
                fields.putIfAbsent(field.memberName(), field.getValueOrDefault(error));
            }
            answer.put("fields", fields);
        } else if (inStream && "network".equals(answer.get("kind"))) {
            answer.put("kind", "truncated"); // the service was reached, so this is a broken connection
        }
        return answer;
    }

    // ---- sigv4 ----------------------------------------------------------------------------------------------------

    static final DateTimeFormatter TIME =
        DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withResolverStyle(ResolverStyle.STRICT).withZone(ZoneOffset.UTC);

    static AwsCredentials credentials(JsonNode given) throws Refusal {
        String token = text(given, "session_token");
        try {
            return token == null ? AwsBasicCredentials.create(text(given, "access_key"), text(given, "secret_key"))
                : AwsSessionCredentials.create(text(given, "access_key"), text(given, "secret_key"), token);
        } catch (RuntimeException error) {
            throw new Refusal(map("status", "reject", "kind", "configuration", "message", String.valueOf(error.getMessage())));
        }
    }

    static Object sign(JsonNode given, boolean inQuery) throws Refusal {
        if (is(given, "omit_session_token", true)) {
            throw unsupported("the signer always signs a session token");
        }
        String target = text(given, "target");
        SdkHttpRequest.Builder request = SdkHttpRequest.builder();
        List<String> hosts = new ArrayList<>();
        for (JsonNode pair : list(given, "headers")) {
            String name = pair.asArray().get(0).asString();
            String value = new String(unlatin1(pair.asArray().get(1).asString()), StandardCharsets.UTF_8);
            if (!Arrays.equals(value.getBytes(StandardCharsets.UTF_8), unlatin1(pair.asArray().get(1).asString()))) {
                throw unsupported("header values are strings that the signer encodes as UTF-8");
            }
            if (name.equalsIgnoreCase("host")) {
                hosts.add(value);
            }
            if (value.contains("\n ") || value.contains("\n\t")) {
                throw unsupported("Netty takes a header value on one line");
            }
            request.appendHeader(name, value);
        }
        Instant when;
        try {
            if (hosts.size() != 1) {
                throw new IllegalArgumentException("a URI has one host");
            }
            when = TIME.parse(text(given, "time"), Instant::from);
            URI uri = URI.create("https://" + hosts.get(0).trim() + target);
            request.uri(uri).method(SdkHttpMethod.valueOf(text(given, "method")));
            if (uri.getHost() == null || !(uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery())).equals(target)) {
                throw new IllegalArgumentException("java.net.URI has no such target");
            }
        } catch (RuntimeException error) {
            throw unsupported("Java's types cannot represent it: " + error.getMessage());
        }
        AwsCredentials identity = credentials(given);
        SdkHttpRequest signed;
        try {
            boolean asItComes = !inQuery && !is(given, "sign_body", true);
            signed = asItComes ? signedByOldSigner(given, request.build(), identity, when)
                : signed(given, request.build(), identity, when, inQuery);
        } catch (RuntimeException error) {
            Map<String, Object> answer = reject(error);
            answer.put("kind", "constraint");
            throw new Refusal(answer);
        }
        Map<String, Object> output;
        if (inQuery) {
            URI uri = signed.getUri();
            output = map("signature", signed.firstMatchingRawQueryParameter("X-Amz-Signature").orElse(null),
                "target", (uri.getRawPath().isEmpty() ? "/" : uri.getRawPath()) + "?" + uri.getRawQuery());
        } else {
            String authorization = signed.firstMatchingHeader("Authorization").orElse("");
            output = map("authorization", authorization, "signature", authorization.substring(authorization.lastIndexOf('=') + 1));
        }
        try {
            output.put("sent", written(signed, bytes(given, "body")));
        } catch (IllegalArgumentException error) { // Netty rejects a header, so the request cannot be sent
            return output;
        }
        return output;
    }

    /** Return a request as Netty writes it. */
    static Map<String, Object> written(SdkHttpRequest request, byte[] body) {
        if (body.length > 0 && !request.firstMatchingHeader("Content-Length").isPresent()) {
            request = request.toBuilder().putHeader("Content-Length", String.valueOf(body.length)).build();
        }
        EmbeddedChannel channel = new EmbeddedChannel(new HttpRequestEncoder());
        channel.writeOutbound(new RequestAdapter(Protocol.HTTP1_1).adapt(request));
        ByteBuf data = channel.readOutbound();
        String[] lines = data.toString(StandardCharsets.ISO_8859_1).split("\r\n");
        data.release();
        String[] words = new String(unlatin1(lines[0]), StandardCharsets.UTF_8).split(" ");
        List<Object> headers = new ArrayList<>();
        for (String line : Arrays.asList(lines).subList(1, lines.length)) {
            headers.add(Arrays.asList(line.substring(0, line.indexOf(':')), line.substring(line.indexOf(':') + 1).trim()));
        }
        return map("method", words[0], "target", words[1], "headers", headers, "body", base64(body));
    }

    static SdkHttpRequest signed(JsonNode given, SdkHttpRequest request, AwsCredentials identity, Instant when, boolean inQuery) {
        return AwsV4HttpSigner.create().sign(question -> {
            question.request(request).identity(identity).payload(ContentStreamProvider.fromByteArray(bytes(given, "body")))
                .putProperty(AwsV4HttpSigner.SIGNING_CLOCK, Clock.fixed(when, ZoneOffset.UTC))
                .putProperty(AwsV4HttpSigner.REGION_NAME, text(given, "region"))
                .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, text(given, "service"))
                .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, !is(given, "double_encode", false))
                .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, !is(given, "normalize_path", false));
            if (inQuery) {
                question.putProperty(AwsV4HttpSigner.AUTH_LOCATION, AwsV4HttpSigner.AuthLocation.QUERY_STRING)
                    .putProperty(AwsV4HttpSigner.EXPIRATION_DURATION, Duration.ofSeconds(Long.parseLong(text(given, "expires"))));
            }
        }).request();
    }

    /** The predecessor of AwsV4HttpSigner, the only one that signs without x-amz-content-sha256. */
    @SuppressWarnings("deprecation")
    static SdkHttpRequest signedByOldSigner(JsonNode given, SdkHttpRequest request, AwsCredentials identity, Instant when) {
        SdkHttpFullRequest whole = SdkHttpFullRequest.builder().uri(request.getUri()).method(request.method()).headers(request.headers())
            .contentStreamProvider(ContentStreamProvider.fromByteArray(bytes(given, "body"))).build();
        return Aws4Signer.create().sign(whole, Aws4SignerParams.builder().awsCredentials(identity).signingName(text(given, "service"))
            .signingRegion(Region.of(text(given, "region"))).doubleUrlEncode(!is(given, "double_encode", false))
            .normalizePath(!is(given, "normalize_path", false)).signingClockOverride(Clock.fixed(when, ZoneOffset.UTC)).build());
    }

    // ---- frames ---------------------------------------------------------------------------------------------------

    static Object decode(JsonNode given) throws Refusal {
        List<Object> messages = new ArrayList<>();
        List<Object> after = new ArrayList<>();
        int[] fed = {0};
        MessageDecoder decoder = new MessageDecoder(message -> {
            messages.add(shown(message));
            after.add(fed[0]);
        });
        try {
            for (JsonNode chunk : list(given, "chunks")) {
                fed[0]++;
                decoder.feed(unbase64(chunk.asString()));
            }
        } catch (RuntimeException error) {
            Map<String, Object> answer = reject(error);
            answer.put("output", map("messages", messages, "after", after, "refused_after", fed[0]));
            throw new Refusal(answer);
        }
        return map("messages", messages, "after", after);
    }

    static Object shown(Message message) {
        List<Object> headers = new ArrayList<>();
        message.getHeaders().forEach((name, value) -> {
            Object[] pair = typed(value);
            headers.add(map("name", name, "type", pair[0], "value", pair[1]));
        });
        return map("headers", headers, "payload", base64(message.getPayload()));
    }

    static Object[] typed(HeaderValue value) {
        switch (String.valueOf((Object) value.getType())) { // the type is not public
            case "TRUE": case "FALSE": return new Object[] {"boolean", value.getBoolean()};
            case "BYTE": return new Object[] {"int8", (int) value.getByte()};
            case "SHORT": return new Object[] {"int16", (int) value.getShort()};
            case "INTEGER": return new Object[] {"int32", value.getInteger()};
            case "LONG": return new Object[] {"int64", Long.toString(value.getLong())};
            case "BYTE_ARRAY": return new Object[] {"bytes", base64(value.getByteArray())};
            case "TIMESTAMP": return new Object[] {"timestamp", Long.toString(value.getTimestamp().toEpochMilli())};
            case "UUID": return new Object[] {"uuid", value.getUuid().toString()};
            default: return new Object[] {"string", value.getString()};
        }
    }

    static Object encode(JsonNode given) throws Refusal {
        Map<String, HeaderValue> headers = new LinkedHashMap<>();
        for (JsonNode header : list(given, "headers")) {
            HeaderValue value;
            try {
                value = theirs(text(header, "type"), header.field("value").get());
            } catch (RuntimeException error) {
                throw unsupported("Java's types have no " + text(header, "type") + " like this: the compiler rejects it");
            }
            if (headers.put(text(header, "name"), value) != null) {
                throw unsupported("a Map has each name once");
            }
        }
        try {
            ByteBuffer frame = new Message(headers, bytes(given, "payload")).toByteBuffer();
            byte[] whole = new byte[frame.remaining()];
            frame.get(whole);
            return map("frame", base64(whole));
        } catch (RuntimeException error) {
            Map<String, Object> answer = reject(error);
            if ("header".equals(answer.get("kind"))) { // a header that was to be encoded
                answer.put("kind", "constraint");
            }
            throw new Refusal(answer);
        }
    }

    static HeaderValue theirs(String type, JsonNode value) {
        switch (type) {
            case "boolean": return HeaderValue.fromBoolean(value.asBoolean());
            case "int8": return HeaderValue.fromByte(Byte.parseByte(plain(value)));
            case "int16": return HeaderValue.fromShort(Short.parseShort(plain(value)));
            case "int32": return HeaderValue.fromInteger(Integer.parseInt(plain(value)));
            case "int64": return HeaderValue.fromLong(Long.parseLong(plain(value)));
            case "bytes": return HeaderValue.fromByteArray(unbase64(value.asString()));
            case "string": return HeaderValue.fromString(value.asString());
            case "timestamp": return HeaderValue.fromTimestamp(Instant.ofEpochMilli(Long.parseLong(plain(value))));
            case "uuid": return HeaderValue.fromUuid(UUID.fromString(value.asString()));
            default: throw new IllegalArgumentException(type);
        }
    }

    // ---- the client -----------------------------------------------------------------------------------------------

    /** An HTTP client that keeps the request and returns the given response, if any. */
    static final class Ours implements SdkAsyncHttpClient {
        final JsonNode given;
        final AtomicInteger fed = new AtomicInteger(); // pieces of the body, and its end as one
        SdkHttpRequest request;
        byte[] body = new byte[0];

        Ours(JsonNode given) {
            this.given = given;
        }

        @Override
        public CompletableFuture<Void> execute(AsyncExecuteRequest call) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            try { // the check of Netty, the SDK's own HTTP client
                call.request().forEachHeader((name, values) -> new DefaultHttpHeaders(true).add(name, values));
            } catch (IllegalArgumentException error) {
                call.responseHandler().onError(error);
                done.completeExceptionally(error);
                return done;
            }
            request = call.request();
            List<ByteBuffer> parts = new ArrayList<>();
            call.requestContentPublisher().subscribe(new Collector(parts));
            java.io.ByteArrayOutputStream whole = new java.io.ByteArrayOutputStream();
            parts.forEach(part -> whole.write(part.array(), part.arrayOffset() + part.position(), part.remaining()));
            body = whole.toByteArray();
            if (given == null) {
                IOException nothing = new IOException("nothing is sent");
                call.responseHandler().onError(nothing);
                done.completeExceptionally(nothing);
                return done;
            }
            SdkHttpFullResponse.Builder head = SdkHttpFullResponse.builder().statusCode(Integer.parseInt(text(given, "status")));
            for (JsonNode pair : list(given, "headers")) {
                head.appendHeader(pair.asArray().get(0).asString(), pair.asArray().get(1).asString());
            }
            List<byte[]> chunks = new ArrayList<>();
            list(given, "chunks").forEach(chunk -> chunks.add(unbase64(chunk.asString())));
            call.responseHandler().onHeaders(head.build());
            call.responseHandler().onStream(new Chunks(chunks, !is(given, "complete", false), fed, done));
            return done;
        }

        @Override
        public void close() {
        }
    }

    /** A body that arrives in pieces on demand, and then ends normally or with a broken connection. */
    static final class Chunks implements Publisher<ByteBuffer> {
        final Iterator<byte[]> pieces;
        final boolean complete;
        final AtomicInteger fed;
        final CompletableFuture<Void> done;

        Chunks(List<byte[]> pieces, boolean complete, AtomicInteger fed, CompletableFuture<Void> done) {
            this.pieces = pieces.iterator();
            this.complete = complete;
            this.fed = fed;
            this.done = done;
        }

        @Override
        public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
            Semaphore wanted = new Semaphore(0);
            AtomicBoolean ended = new AtomicBoolean();
            subscriber.onSubscribe(new Subscription() {
                @Override
                public void request(long more) {
                    wanted.release((int) Math.min(more, 1 << 20));
                }

                @Override
                public void cancel() {
                    ended.set(true);
                    wanted.release();
                    done.complete(null);
                }
            });
            // Like Netty: in another thread, and the next piece only when the last one has been read.
            new Thread(() -> feed(subscriber, wanted, ended)).start();
        }

        void feed(Subscriber<? super ByteBuffer> subscriber, Semaphore wanted, AtomicBoolean ended) {
            while (pieces.hasNext()) {
                wanted.acquireUninterruptibly();
                if (ended.get()) {
                    return;
                }
                fed.incrementAndGet();
                subscriber.onNext(ByteBuffer.wrap(pieces.next()));
            }
            if (ended.get()) {
                return;
            }
            fed.incrementAndGet();
            if (complete) {
                subscriber.onComplete();
                done.complete(null);
            } else { // the error of the SDK's own HTTP client
                IOException died = new IOException("Response had content-length of 9 bytes, but only received 1 bytes"
                    + " before the connection was closed.");
                subscriber.onError(died);
                done.completeExceptionally(died);
            }
        }
    }

    static final class Collector implements Subscriber<ByteBuffer> {
        final List<ByteBuffer> parts;

        Collector(List<ByteBuffer> parts) {
            this.parts = parts;
        }

        @Override public void onSubscribe(Subscription subscription) { subscription.request(Long.MAX_VALUE); }
        @Override public void onNext(ByteBuffer part) { parts.add(part); }
        @Override public void onError(Throwable error) { }
        @Override public void onComplete() { }
    }

    static SageMakerRuntimeAsyncClient clientFor(JsonNode given, AwsCredentials keys, SdkAsyncHttpClient http) {
        SdkGlobalTime.setGlobalTimeOffset(0); // calls must not share a clock correction
        SageMakerRuntimeAsyncClientBuilder builder = SageMakerRuntimeAsyncClient.builder().httpClient(http)
            .credentialsProvider(StaticCredentialsProvider.create(keys))
            .overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.doNotRetry()))
            .fipsEnabled(is(given, "use_fips", true)).dualstackEnabled(is(given, "use_dualstack", true));
        if (text(given, "region") != null) {
            builder.region(Region.of(text(given, "region")));
        }
        if (text(given, "endpoint_url") != null) {
            builder.endpointOverride(URI.create(text(given, "endpoint_url")));
        }
        return builder.build();
    }

    static InvokeEndpointWithResponseStreamRequest requestOf(JsonNode members) throws Refusal {
        InvokeEndpointWithResponseStreamRequest.Builder input = InvokeEndpointWithResponseStreamRequest.builder();
        Map<String, SdkField<?>> fields = new HashMap<>();
        ((SdkPojo) input).sdkFields().forEach(field -> fields.put(field.memberName(), field));
        for (Map.Entry<String, JsonNode> member : members.asObject().entrySet()) {
            SdkField<?> field = fields.get(member.getKey());
            if (member.getValue().isNull()) {
                continue;
            }
            if (field == null || !member.getValue().isString()) {
                throw unsupported("the compiler rejects " + member.getKey() + ": " + member.getValue());
            }
            String value = member.getValue().asString();
            field.set(input, member.getKey().equals("Body") ? SdkBytes.fromByteArray(unbase64(value)) : value);
        }
        return input.build();
    }

    /**
     * Make one call and return its answer, with everything that arrived before its end. `took` receives the number of events.
     * The client may deliver events after the end of a call.
     */
    static Map<String, Object> talk(JsonNode given, JsonNode members, AwsCredentials keys, SdkAsyncHttpClient http, IntConsumer took)
        throws Refusal {
        Map<String, Object> output = Collections.synchronizedMap(new LinkedHashMap<>());
        List<Object> events = new ArrayList<>();
        boolean[] answered = {false};
        boolean[] over = {false};
        Throwable failure;
        InvokeEndpointWithResponseStreamRequest request = requestOf(members);
        try (SageMakerRuntimeAsyncClient client = clientFor(given, keys, http)) {
            CompletableFuture<Void> call = client.invokeEndpointWithResponseStream(request,
                InvokeEndpointWithResponseStreamResponseHandler.builder().onResponse(response -> {
                    answered[0] = true;
                    output.put("ContentType", response.contentType());
                    output.put("CustomAttributes", response.customAttributes());
                    output.put("InvokedProductionVariant", response.invokedProductionVariant());
                }).subscriber(event -> {
                    synchronized (events) {
                        if (event instanceof PayloadPart && !over[0]) {
                            SdkBytes bytes = ((PayloadPart) event).bytes();
                            events.add(map("PayloadPart", map("Bytes", bytes == null ? null : base64(bytes.asByteArray()))));
                            took.accept(events.size());
                        }
                    }
                }).build());
            call.get();
            failure = null;
        } catch (ExecutionException error) {
            failure = error.getCause();
        } catch (InterruptedException | RuntimeException error) {
            failure = error;
        }
        synchronized (events) {
            over[0] = true;
        }
        if (failure == null) {
            return map("output", output, "events", events);
        }
        Map<String, Object> answer = rejectCall(failure, answered[0]);
        answer.put("output", map("output", output, "events", events));
        throw new Refusal(answer);
    }

    static Object invoke(JsonNode given, IntConsumer took) throws Refusal {
        String seconds = text(given, "read_timeout");
        Duration wait = seconds == null ? usualTimeout : Duration.ofMillis((long) (Double.parseDouble(seconds) * 1000));
        return talk(given, given.field("input").get(), credentials(given), NettyNioAsyncHttpClient.builder()
            .connectionTimeout(wait).readTimeout(wait).writeTimeout(wait).build(), took);
    }

    static Object response(JsonNode given) throws Refusal {
        Ours ours = new Ours(given);
        List<Object> after = new ArrayList<>();
        try {
            Map<String, Object> output = talk(parse("{\"region\":\"us-east-1\"}"), parse("{\"EndpointName\":\"llm\",\"Body\":\"\"}"),
                EXAMPLE, ours, count -> after.add(ours.fed.get()));
            output.put("after", after);
            return output;
        } catch (Refusal refusal) {
            if (refusal.answer.get("output") instanceof Map) {
                @SuppressWarnings("unchecked") Map<String, Object> output = (Map<String, Object>) refusal.answer.get("output");
                output.put("after", after);
                output.put("refused_after", ours.fed.get());
            }
            throw refusal;
        }
    }

    static final AwsCredentials EXAMPLE = AwsBasicCredentials.create("AKIDEXAMPLE", "unused");

    /** Return the HTTP client that has the client's request. */
    static Ours captured(JsonNode given, JsonNode members) throws Refusal {
        Ours ours = new Ours(null);
        try {
            talk(given, members, EXAMPLE, ours, count -> { });
        } catch (Refusal refusal) {
            if (ours.request == null) {
                refusal.answer.remove("output");
                throw refusal;
            }
        }
        return ours;
    }

    static Object request(JsonNode given) throws Refusal {
        Ours ours = captured(given, given.field("input").get());
        List<Object> headers = new ArrayList<>();
        ours.request.forEachHeader((name, values) -> values.forEach(value -> headers.add(Arrays.asList(name, value))));
        return map("method", ours.request.method().toString(), "url", ours.request.getUri().toString(), "headers", headers,
            "body", base64(ours.body));
    }

    static Object resolve(JsonNode given) throws Refusal {
        Ours ours = captured(given, parse("{\"EndpointName\":\"llm\",\"Body\":\"\"}"));
        String[] scope = ours.request.firstMatchingHeader("Authorization").orElse("///").split("/"); // in its signature
        return map("url", ours.request.getUri().toString().replaceAll("/endpoints/llm/invocations-response-stream$", ""),
            "signing_region", scope[2], "signing_name", scope[3]);
    }

    // ---- the protocol ---------------------------------------------------------------------------------------------

    static final List<String> OPERATIONS = Arrays.asList("sigv4.sign", "sigv4.presign", "eventstream.decode", "eventstream.encode",
        "invoke", "http.request", "http.response", "endpoint.resolve");

    static Object answer(String operation, JsonNode given, IntConsumer took) throws Refusal {
        switch (operation) {
            case "sigv4.sign": return sign(given, false);
            case "sigv4.presign": return sign(given, true);
            case "eventstream.decode": return decode(given);
            case "eventstream.encode": return encode(given);
            case "invoke": return invoke(given, took);
            case "http.request": return request(given);
            case "http.response": return response(given);
            case "endpoint.resolve": return resolve(given);
            default: throw unsupported("no operation " + operation);
        }
    }

    static JsonNode parse(String text) {
        return JsonNode.parser().parse(text);
    }

    static String plain(JsonNode value) {
        return value.isNumber() ? value.asNumber() : value.asString();
    }

    static String text(JsonNode given, String name) {
        return given.field(name).filter(value -> !value.isNull()).map(Adapter::plain).orElse(null);
    }

    static boolean is(JsonNode given, String name, boolean wanted) {
        return given.field(name).filter(value -> value.isBoolean() && value.asBoolean() == wanted).isPresent();
    }

    static List<JsonNode> list(JsonNode given, String name) {
        return given.field(name).map(JsonNode::asArray).orElse(Collections.emptyList());
    }

    static byte[] bytes(JsonNode given, String name) {
        return unbase64(Optional.ofNullable(text(given, name)).orElse(""));
    }

    static byte[] unbase64(String text) {
        return Base64.getDecoder().decode(text);
    }

    static String base64(byte[] data) {
        return Base64.getEncoder().encodeToString(data);
    }

    /** Return the bytes of a header from the protocol's Latin-1 text. */
    static byte[] unlatin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static Map<String, Object> map(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }

    static void write(StringBuilder out, Object value) {
        if (value instanceof Map) {
            String comma = "";
            out.append('{');
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                out.append(comma);
                write(out, entry.getKey());
                out.append(':');
                write(out, entry.getValue());
                comma = ",";
            }
            out.append('}');
        } else if (value instanceof List) {
            String comma = "";
            out.append('[');
            for (Object item : (List<?>) value) {
                out.append(comma);
                write(out, item);
                comma = ",";
            }
            out.append(']');
        } else if (value instanceof String) {
            out.append('"');
            for (char c : ((String) value).toCharArray()) {
                out.append(c < ' ' || c > '~' || c == '"' || c == '\\' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
            }
            out.append('"');
        } else {
            out.append(value);
        }
    }

    /** Return the version in the name of the jar from which a class comes. */
    static String versionOf(Class<?> origin) {
        return origin.getProtectionDomain().getCodeSource().getLocation().getPath().replaceAll(".*-([0-9.]+)\\.jar$", "$1");
    }

    static Map<String, Object> reply(JsonNode question) {
        Map<String, Object> reply;
        try {
            IntConsumer report = count -> say(map("seq", Long.parseLong(text(question, "seq")), "progress", count));
            reply = map("status", "ok", "output", answer(text(question, "op"), question.field("input").get(), report));
        } catch (Refusal refusal) {
            reply = refusal.answer;
        }
        reply.put("seq", Long.parseLong(text(question, "seq")));
        return reply;
    }

    /** Make a call without a response, to load the classes before the first timed call. */
    static void warmUp() {
        try {
            invoke(parse("{\"input\":{\"EndpointName\":\"llm\",\"Body\":\"\"},\"endpoint_url\":\"http://127.0.0.1:9\","
                + "\"region\":\"us-east-1\",\"access_key\":\"AKIDEXAMPLE\",\"secret_key\":\"unused\"}"), count -> { });
        } catch (Refusal nobody) {
            return;
        }
    }

    static synchronized void say(Object value) {
        StringBuilder out = new StringBuilder();
        write(out, value);
        answers.println(out);
        answers.flush();
    }

    public static void main(String[] arguments) throws IOException {
        usualTimeout = Duration.ofMillis(Long.parseLong(arguments[0]));
        System.setProperty("aws.disableEc2Metadata", "true");
        System.setProperty("aws.configFile", "none");
        System.setProperty("aws.sharedCredentialsFile", "none");
        answers = new PrintStream(System.out, false, "US-ASCII");
        System.setOut(System.err); // output of the SDK must not be mistaken for an answer
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String version = VersionInfo.SDK_VERSION + " (eventstream " + versionOf(MessageDecoder.class) + ", Java "
            + System.getProperty("java.version").split("\\.")[0] + ")";
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode question = parse(line);
            String command = text(question, "cmd");
            if ("bye".equals(command)) {
                break;
            }
            if ("hello".equals(command)) {
                warmUp();
            }
            say("hello".equals(command) ? map("protocol", 2, "progress", true, "operations", OPERATIONS, "kinds", kinds(),
                "implementation", map("name", "aws-sdk-java-v2", "version", version, "language", "java")) : reply(question));
        }
        System.exit(0); // otherwise the SDK's threads keep the process alive
    }
}
