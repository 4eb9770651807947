package io.katajava.docs;

import io.katajava.docs.LinkTargets.BrokenLinkException;
import java.util.ArrayList;
import java.util.List;
import org.commonmark.Extension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.HeadingAnchorExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.Heading;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;

/** Markdown to HTML, the part between header and footer. */
final class PageRenderer {
  private final Parser parser;
  private final HtmlRenderer renderer;
  private final LinkTargets links;

  PageRenderer(LinkTargets links) {
    List<Extension> extensions = List.of(TablesExtension.create(), HeadingAnchorExtension.create());
    parser = Parser.builder().extensions(extensions).build();
    renderer = HtmlRenderer.builder().extensions(extensions).escapeHtml(true).build();
    this.links = links;
  }

  /**
   * A page.
   *
   * @param title its first heading
   * @param body HTML
   * @param broken what is wrong with its links
   */
  record Page(String title, String body, List<String> broken) {}

  Page render(String file, String markdown) {
    Node document = parser.parse(markdown);
    LinkVisitor visitor = new LinkVisitor(file);
    document.accept(visitor);
    String title = visitor.title.isEmpty() ? file : visitor.title;
    return new Page(title, renderer.render(document), List.copyOf(visitor.broken));
  }

  private final class LinkVisitor extends AbstractVisitor {
    private final String file;
    private final List<String> broken = new ArrayList<>();
    private String title = "";

    LinkVisitor(String file) {
      this.file = file;
    }

    @Override
    public void visit(Heading heading) {
      if (title.isEmpty()) {
        StringBuilder words = new StringBuilder();
        heading.accept(
            new AbstractVisitor() {
              @Override
              public void visit(Text text) {
                words.append(text.getLiteral());
              }

              @Override
              public void visit(Code code) {
                words.append(code.getLiteral());
              }
            });
        title = words.toString();
      }
      visitChildren(heading);
    }

    @Override
    public void visit(Link link) {
      link.setDestination(resolve(link.getDestination()));
      visitChildren(link);
    }

    @Override
    public void visit(Image image) {
      image.setDestination(resolve(image.getDestination()));
      visitChildren(image);
    }

    private String resolve(String target) {
      try {
        return links.resolve(file, target);
      } catch (BrokenLinkException e) {
        broken.add(e.getMessage());
        return target;
      }
    }
  }
}
