package io.katajava.qmp.generator;

/** How a QAPI type looks in Java, is read from JSON and written to it. */
final class JavaTypes {
  private final Schema schema;

  JavaTypes(Schema schema) {
    this.schema = schema;
  }

  static boolean isList(String type) {
    return type.startsWith("[");
  }

  static String element(String type) {
    return isList(type) ? type.substring(1, type.length() - 1) : type;
  }

  /** Unsigned integers of 64 bits live in the bits of a long. */
  static boolean isUnsigned(String type) {
    String element = element(type);
    return element.equals("uint64") || element.equals("size");
  }

  boolean isPrimitive(String type) {
    return !java(type, false, new Imports("")).equals(java(type, true, new Imports("")));
  }

  /** The Java type; boxed for what may be absent and for elements of lists. */
  String java(String type, boolean boxed, Imports imports) {
    if (isList(type)) {
      return imports.use("java.util.List") + "<" + java(element(type), true, imports) + ">";
    }
    return switch (type) {
      case "str" -> "String";
      case "bool" -> boxed ? "Boolean" : "boolean";
      case "number" -> boxed ? "Double" : "double";
      case "int", "int64", "uint64", "size", "uint32" -> boxed ? "Long" : "long";
      case "int8", "int16", "int32", "uint8", "uint16" -> boxed ? "Integer" : "int";
      case "any" -> imports.use("io.katajava.json.JsonValue");
      case "null" -> imports.use("io.katajava.json.JsonNull");
      default -> imports.use(Names.TYPE_PACKAGE + "." + Names.type(type));
    };
  }

  /** An expression that reads the type from a JsonCursor. */
  String decode(String type, String cursor, Imports imports) {
    if (isList(type)) {
      String element = element(type);
      String function =
          switch (element) {
            case "str" -> "JsonCursor::string";
            case "int", "int64" -> "JsonCursor::int64";
            case "uint64", "size" -> "JsonCursor::uint64";
            case "any" -> "JsonCursor::value";
            default ->
                isEnum(element) || isPrimitive(element)
                    ? "e -> " + decode(element, "e", imports)
                    : java(element, true, imports) + "::decode";
          };
      return cursor + ".list(" + function + ")";
    }
    return switch (type) {
      case "str" -> cursor + ".string()";
      case "bool" -> cursor + ".bool()";
      case "number" -> cursor + ".number()";
      case "int", "int64" -> cursor + ".int64()";
      case "uint64", "size" -> cursor + ".uint64()";
      case "uint32" -> cursor + ".integer(0, 0xffff_ffffL)";
      case "int8" -> "(int) " + cursor + ".integer(-0x80, 0x7f)";
      case "uint8" -> "(int) " + cursor + ".integer(0, 0xff)";
      case "int16" -> "(int) " + cursor + ".integer(-0x8000, 0x7fff)";
      case "uint16" -> "(int) " + cursor + ".integer(0, 0xffff)";
      case "int32" -> "(int) " + cursor + ".integer(Integer.MIN_VALUE, Integer.MAX_VALUE)";
      case "any" -> cursor + ".value()";
      default -> {
        String java = java(type, true, imports);
        yield isEnum(type)
            ? java + ".of(" + cursor + ".string())"
            : java + ".decode(" + cursor + ")";
      }
    };
  }

  boolean isEnum(String type) {
    return schema.enums().containsKey(type);
  }
}
