package io.katajava.internal.birth;

import io.katajava.internal.template.StoredImage;
import io.katajava.spi.TemplateTraits;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was found for a start: a template, or why there is none.
 *
 * @param image the template, or null
 * @param why the reason it is used or not, a clause
 * @param traits what the hypervisor said of it
 * @param key everything a fitting template depends on; empty when there can be none
 */
record TemplateUse(
    @Nullable StoredImage image, String why, TemplateTraits traits, List<String> key) {
  /** The same with another reason. */
  TemplateUse why(String reason) {
    return new TemplateUse(image, reason, traits, key);
  }
}
