"""Make a PDF anew from pictures of its pages: standard input to standard output, as a program of its own.

What is hostile in it ends with this process, which has little memory and little time; no part of the original goes on.
Exit status 3: it is no PDF that can be drawn; 4: too many pages.
"""

from __future__ import annotations

import io
import resource
import sys

MOST_PAGES = 12
# An A4 page at 130 dots per inch; a larger page is drawn with as many pixels.
LONGEST_SIDE_PX = 1520
MEMORY_BYTES, CPU_S = 1_500_000_000, 20


def main() -> int:
    """Run; give the exit status."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
        count = len(document)
        if not 0 < count <= MOST_PAGES:
            return 4 if count else 3
        pages = []
        for page in document:
            longest = max(page.get_size())
            picture = page.render(scale=LONGEST_SIDE_PX / max(longest, 1.0), may_draw_forms=False)
            pages.append(picture.to_pil().convert("RGB"))
    except (pypdfium2.PdfiumError, ValueError, MemoryError):
        return 3
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=130.0, quality=80)
    sys.stdout.buffer.write(out.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
