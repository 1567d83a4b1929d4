package bench

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// ratios is a section with a row for each work, and in it a mark for each client: its time as a multiple of that of
// net/http. The scale is logarithmic, so that half the time is as far from even as twice the time. All sections of a chart
// share it.
type ratios struct {
	name string
	rows []ratioRow
}

// ratioRow is a work with the ratio of each client.
type ratioRow struct {
	name  string
	marks []mark
}

type mark struct {
	client string
	ratio  float64
}

// The scale of the ratios goes from a quarter to four times.
const (
	ratiosBegin  = 190
	ratiosLength = 470
	octaves      = 2 // on each side of 1
)

func (s ratios) height() int { return nameSpace + len(s.rows)*rowHeight }

func (s ratios) draw(b *strings.Builder, y int) {
	drawName(b, y, s.name)
	y += nameSpace
	for o := -octaves; o <= octaves; o++ {
		line := "line"
		if o == 0 {
			line = "even"
		}
		x := place(math.Exp2(float64(o)))
		fmt.Fprintf(b, `<line class="%s" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", line, x, y, x, y+len(s.rows)*rowHeight)
	}
	for _, row := range s.rows {
		drawText(b, ratiosBegin-8, y, "end", row.name)
		for i := range row.marks {
			m := row.marks[len(row.marks)-1-i] // ours, the first, on top
			m.draw(b, place(m.ratio), float64(y)+rowHeight/2)
			if m.client == ours {
				drawText(b, chartWidth-margin, y, "end", fmt.Sprintf("%.2f", m.ratio))
			}
		}
		y += rowHeight
	}
}

// place returns where on the scale a ratio is.
func place(ratio float64) float64 {
	return ratiosBegin + (math.Log2(ratio)+octaves)/(2*octaves)*ratiosLength
}

// draw draws the mark of a client around a point: each has a form of its own, for readers that do not see its colour.
func (m mark) draw(b *strings.Builder, x, y float64) {
	form := "" // around the origin
	switch m.client {
	case ours:
		form = `<circle r="5.5"/>`
	case limit, reading, needed:
		form = `<rect x="-1.5" y="-7" width="3" height="14"/>`
	case official:
		form = `<rect x="-4.5" y="-4.5" width="9" height="9"/>`
	case tuned, unshared:
		form = `<path d="M0 -6 L6 0 L0 6 L-6 0 Z"/>`
	case goEtcd:
		form = `<path d="M0 -5.5 L6 5 L-6 5 Z"/>`
	}
	fmt.Fprintf(b, `<g class="%s" transform="translate(%.1f %.1f)"><title>%s</title>%s</g>`+"\n",
		class(m.client), x, y, html.EscapeString(m.client+": "+fmt.Sprintf("%.2f", m.ratio)), form)
}

// legend is a section that tells the marks of the clients apart, and the ticks of the scale below.
type legend struct{ clients []string }

func (l legend) height() int { return 2 * rowHeight }

func (l legend) draw(b *strings.Builder, y int) {
	names(l.clients).draw(b, y)
	y += rowHeight + 6
	for o := -octaves; o <= octaves; o++ {
		text := fmt.Sprintf("%g", math.Exp2(float64(o)))
		if o == 0 {
			text = "net/http = 1"
		}
		drawText(b, place(math.Exp2(float64(o))), y, "middle", text)
	}
	drawText(b, chartWidth-margin, y, "end", ours)
}

// names is a section that tells the marks of clients apart.
type names []string

func (n names) height() int { return rowHeight }

func (n names) draw(b *strings.Builder, y int) {
	x := float64(margin + 6)
	for _, client := range n {
		mark{client: client}.draw(b, x, float64(y)+rowHeight/2)
		drawText(b, x+10, y, "start", client)
		x += 34 + 6.2*float64(len(client))
	}
}
