package bench

import (
	"fmt"
	"html"
	"strings"
)

// chart is a picture of several sections, one below the other.
type chart struct {
	title    string
	sections []section
}

// section is a part of a chart with a scale of its own.
type section interface {
	height() int
	draw(b *strings.Builder, y int)
}

// The measures of a chart, in pixels.
const (
	chartWidth = 760
	margin     = 12
	titleSpace = 38
	nameSpace  = 28 // of a section's name
	rowHeight  = 18
	sectionGap = 12
)

// style has the colours, on light pages and on dark ones. A chart has a background of its own too: an image cannot know
// whether the page around it is as dark as the reader's system.
const style = `<style>
.page { fill: #fff } text { fill: #1f2328 } .line { stroke: #d1d9e0 } .even { stroke: #59636e }
.ours { fill: #d9622b } .peer { fill: #7a8ca0 } .limit { fill: #c3ccd6 } .hatch { stroke: #7a8ca0 } .accent { stroke: #d9622b }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } text { fill: #e6edf3 } .line { stroke: #30363d } .even { stroke: #9198a1 }
.ours { fill: #f0803c } .peer { fill: #8b9cb0 } .limit { fill: #465260 } .hatch { stroke: #8b9cb0 } .accent { stroke: #f0803c }
}
</style>
`

// hatching fills the bars of what did not happen.
const hatching = `<pattern id="none" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
	`<line class="hatch" x1="0" y1="0" x2="0" y2="6" stroke-width="3"/></pattern>` + "\n"

// class is how the marks of a client are painted: ours stands out, what cannot be beaten is pale.
func class(client string) string {
	switch client {
	case ours, unshared:
		return "ours"
	case floor, reading, limit, needed:
		return "limit"
	}
	return "peer"
}

// svg draws the chart.
func (c chart) svg() string {
	var b strings.Builder
	height := titleSpace
	for _, s := range c.sections {
		height += s.height() + sectionGap
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12">`+"\n",
		chartWidth, height)
	b.WriteString(style + hatching)
	b.WriteString(`<rect class="page" width="100%" height="100%" rx="6"/>` + "\n")
	fmt.Fprintf(&b, `<text x="%d" y="25" font-size="15" font-weight="bold">%s</text>`+"\n", margin, html.EscapeString(c.title))
	y := titleSpace
	for _, s := range c.sections {
		s.draw(&b, y)
		y += s.height() + sectionGap
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// drawName draws the name of a section that begins at y.
func drawName(b *strings.Builder, y int, name string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", margin, y+18, html.EscapeString(name))
}

// drawText draws a text whose given anchor is at x, in the row that begins at y.
func drawText(b *strings.Builder, x float64, y int, anchor, text string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="%s">%s</text>`+"\n", x, y+13, anchor, html.EscapeString(text))
}
