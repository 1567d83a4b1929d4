package bench

import (
	"fmt"
	"html"
	"os"
	"strings"
)

// chart is a picture of bars. Each section has a scale of its own.
type chart struct {
	title    string
	sections []section
}

type section struct {
	name string
	bars []bar
}

// bar is a value, and what is written behind it. A value below zero stands for none.
type bar struct {
	name  string
	value float64
	label string
}

// The measures of a chart, in pixels.
const (
	chartWidth = 760
	barsBegin  = 200
	barsLength = 430
	barHeight  = 18
	headHeight = 34
	sectionGap = 14
)

// colour is what a client's bars are painted in: ours stands out, what cannot be beaten is pale.
func colour(name string) string {
	switch name {
	case floor, reading, limit, nobody:
		return "#b8c4d0"
	case official, tuned, goEtcd:
		return "#7a8ca0"
	}
	return "#d9622b"
}

// svg draws the chart.
func (c chart) svg() string {
	var b strings.Builder
	height := headHeight
	for _, s := range c.sections {
		height += headHeight + len(s.bars)*barHeight + sectionGap
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", chartWidth, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	fmt.Fprintf(&b, `<text x="10" y="22" font-size="15" font-weight="bold">%s</text>`+"\n", html.EscapeString(c.title))
	y := headHeight
	for _, s := range c.sections {
		y = s.draw(&b, y) + sectionGap
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// draw draws a section from y on and returns where it ends.
func (s section) draw(b *strings.Builder, y int) int {
	longest := 0.0
	for _, bar := range s.bars {
		longest = max(longest, bar.value)
	}
	fmt.Fprintf(b, `<text x="10" y="%d" font-weight="bold">%s</text>`+"\n", y+20, html.EscapeString(s.name))
	y += headHeight - 6
	for _, bar := range s.bars {
		length := 0.0
		if longest > 0 {
			length = max(bar.value, 0) / longest * barsLength
		}
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, barsBegin-8, y+13, html.EscapeString(bar.name))
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, barsBegin, y+2, length, barHeight-4, colour(bar.name))
		fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`+"\n", barsBegin+length+6, y+13, html.EscapeString(bar.label))
		y += barHeight
	}
	return y
}

// write writes the chart to a file.
func (c chart) write(path string) error { return os.WriteFile(path, []byte(c.svg()), 0o644) }
