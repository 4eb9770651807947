package io.katajava.agent.ttrpc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The two messages of ttRPC, in protobuf encoding.
 *
 * <p>Request: 1 service, 2 method, 3 payload, 4 timeout_nano, 5 repeated metadata {1 key, 2 value}.
 * Response: 1 status {1 code, 2 message}, 2 payload. Other fields are skipped.
 */
final class Envelope {

  /** A decoded response; the payload is a view of the frame. */
  record Response(int code, String message, ByteBuffer payload) {}

  private Envelope() {}

  /** Encodes a whole request frame but for the stream id. */
  static ByteBuffer request(
      String service, String method, ByteBuffer payload, CallOptions options, int flags) {
    long timeout = options.serverTimeout() ? options.timeoutNanos() : 0;
    int length = stringSize(1, service) + stringSize(2, method);
    if (payload.hasRemaining()) {
      length += bytesSize(3, payload.remaining());
    }
    if (timeout != 0) {
      length += CodedOutputStream.computeInt64Size(4, timeout);
    }
    for (Map.Entry<String, List<String>> entry : options.metadata().entrySet()) {
      for (String value : entry.getValue()) {
        length += bytesSize(5, stringSize(1, entry.getKey()) + stringSize(2, value));
      }
    }
    checkLength(length, service, method);
    ByteBuffer frame = Frame.start(length, Frame.REQUEST, flags);
    try {
      CodedOutputStream out = coded(frame);
      out.writeString(1, service);
      out.writeString(2, method);
      if (payload.hasRemaining()) {
        writeBytes(out, 3, payload);
      }
      if (timeout != 0) {
        out.writeInt64(4, timeout);
      }
      for (Map.Entry<String, List<String>> entry : options.metadata().entrySet()) {
        for (String value : entry.getValue()) {
          out.writeTag(5, WireFormat.WIRETYPE_LENGTH_DELIMITED);
          out.writeUInt32NoTag(stringSize(1, entry.getKey()) + stringSize(2, value));
          out.writeString(1, entry.getKey());
          out.writeString(2, value);
        }
      }
      out.flush();
    } catch (IOException e) {
      throw new IllegalStateException("sizes of a request were computed wrongly", e);
    }
    return frame.rewind();
  }

  /** Encodes a whole response frame. A payload that is too long becomes INVALID_ARGUMENT. */
  static ByteBuffer response(int streamId, TtrpcStatus status, String message, ByteBuffer payload) {
    int statusLength = 0;
    if (status != TtrpcStatus.OK) {
      statusLength = CodedOutputStream.computeInt32Size(1, status.code()) + stringSize(2, message);
    }
    int length = bytesSize(1, statusLength);
    if (payload.hasRemaining()) {
      length += bytesSize(2, payload.remaining());
    }
    if (length > Frame.MAX_BODY) {
      String problem = "the response has " + length + " bytes, more than " + Frame.MAX_BODY;
      return response(streamId, TtrpcStatus.INVALID_ARGUMENT, problem, ByteBuffer.allocate(0));
    }
    ByteBuffer frame = Frame.start(length, Frame.RESPONSE, 0).putInt(4, streamId);
    try {
      CodedOutputStream out = coded(frame);
      out.writeTag(1, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(statusLength);
      if (status != TtrpcStatus.OK) {
        out.writeInt32(1, status.code());
        out.writeString(2, message);
      }
      if (payload.hasRemaining()) {
        writeBytes(out, 2, payload);
      }
      out.flush();
    } catch (IOException e) {
      throw new IllegalStateException("sizes of a response were computed wrongly", e);
    }
    return frame.rewind();
  }

  static TtrpcRequest parseRequest(byte[] body) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(body);
    String service = "";
    String method = "";
    ByteBuffer payload = ByteBuffer.allocate(0);
    long timeout = 0;
    Map<String, List<String>> metadata = new LinkedHashMap<>();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case 1 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED -> service = in.readStringRequireUtf8();
        case 2 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED -> method = in.readStringRequireUtf8();
        case 3 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED -> payload = view(in, body);
        case 4 << 3 | WireFormat.WIRETYPE_VARINT -> timeout = in.readInt64();
        case 5 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED -> readMetadata(in, metadata);
        default -> in.skipField(tag);
      }
    }
    Duration limit = Duration.ofNanos(Math.max(0, timeout));
    return new TtrpcRequest(service, method, payload, limit, metadata);
  }

  private static void readMetadata(CodedInputStream in, Map<String, List<String>> metadata)
      throws IOException {
    int limit = in.pushLimit(in.readRawVarint32());
    String key = "";
    String value = "";
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case 1 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED -> key = in.readStringRequireUtf8();
        case 2 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED -> value = in.readStringRequireUtf8();
        default -> in.skipField(tag);
      }
    }
    in.popLimit(limit);
    metadata.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
  }

  static Response parseResponse(byte[] body) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(body);
    int code = 0;
    String message = "";
    ByteBuffer payload = ByteBuffer.wrap(body, 0, 0).slice();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case 1 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED -> {
          int limit = in.pushLimit(in.readRawVarint32());
          for (int inner = in.readTag(); inner != 0; inner = in.readTag()) {
            switch (inner) {
              case 1 << 3 | WireFormat.WIRETYPE_VARINT -> code = in.readEnum();
              // Lenient: an error text is worth having even if it is not clean UTF-8.
              case 2 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED -> message = in.readString();
              default -> in.skipField(inner);
            }
          }
          in.popLimit(limit);
        }
        case 2 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED -> payload = view(in, body);
        default -> in.skipField(tag);
      }
    }
    return new Response(code, message, payload);
  }

  private static ByteBuffer view(CodedInputStream in, byte[] body) throws IOException {
    int length = in.readRawVarint32();
    int start = in.getTotalBytesRead();
    in.skipRawBytes(length);
    return ByteBuffer.wrap(body, start, length).slice();
  }

  private static CodedOutputStream coded(ByteBuffer frame) {
    int start = frame.arrayOffset() + Frame.HEADER_SIZE;
    return CodedOutputStream.newInstance(
        frame.array(), start, frame.capacity() - Frame.HEADER_SIZE);
  }

  private static void writeBytes(CodedOutputStream out, int field, ByteBuffer payload)
      throws IOException {
    out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(payload.remaining());
    out.write(payload.duplicate());
  }

  private static int stringSize(int field, String value) {
    return CodedOutputStream.computeStringSize(field, value);
  }

  private static int bytesSize(int field, int length) {
    return CodedOutputStream.computeTagSize(field)
        + CodedOutputStream.computeUInt32SizeNoTag(length)
        + length;
  }

  private static void checkLength(int length, String service, String method) {
    if (length > Frame.MAX_BODY) {
      throw new TtrpcException(
          TtrpcStatus.INVALID_ARGUMENT,
          "calling "
              + service
              + "/"
              + method
              + ": the request has "
              + length
              + " bytes, more than the allowed "
              + Frame.MAX_BODY);
    }
  }
}
