package io.katajava.junit;

import io.katajava.Kata;
import io.katajava.SandboxBuilder;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/** A field with {@link KataSettings}. */
record SettingsField(Field field, Object value) {

  /** Those of a class and its superclasses, the superclasses' first. */
  static List<SettingsField> of(Class<?> testClass) {
    List<SettingsField> all = new ArrayList<>();
    for (Field field :
        ReflectionSupport.findFields(
            testClass,
            one -> AnnotationSupport.isAnnotated(one, KataSettings.class),
            HierarchyTraversalMode.TOP_DOWN)) {
      all.add(read(field));
    }
    return all;
  }

  private static SettingsField read(Field field) {
    if (!Modifier.isStatic(field.getModifiers())) {
      throw new ExtensionConfigurationException("@KataSettings " + field + " is not static");
    }
    if (field.getType() != Kata.Builder.class && !configuresSandboxes(field)) {
      throw new ExtensionConfigurationException(
          "@KataSettings " + field + " is neither a Kata.Builder nor a Consumer<SandboxBuilder>");
    }
    Object value;
    try {
      value = ReflectionSupport.tryToReadFieldValue(field, null).get();
    } catch (Exception e) {
      throw new ExtensionConfigurationException("cannot read @KataSettings " + field, e);
    }
    if (value == null) {
      throw new ExtensionConfigurationException("@KataSettings " + field + " is null");
    }
    return new SettingsField(field, value);
  }

  private static boolean configuresSandboxes(Field field) {
    return field.getType() == Consumer.class
        && field.getGenericType() instanceof ParameterizedType type
        && type.getActualTypeArguments()[0] == SandboxBuilder.class;
  }

  Optional<Kata.Builder> runtime() {
    return value instanceof Kata.Builder builder ? Optional.of(builder) : Optional.empty();
  }

  Optional<Consumer<SandboxBuilder>> machine() {
    if (!(value instanceof Consumer)) {
      return Optional.empty();
    }
    @SuppressWarnings("unchecked") // by the field's declared type
    Consumer<SandboxBuilder> machine = (Consumer<SandboxBuilder>) value;
    return Optional.of(machine);
  }
}
