package bench

import (
	"fmt"
	"strings"
)

// bars is a section with a bar for each value.
type bars struct {
	name string
	bars []bar
}

// bar is a value, and what is written behind it.
type bar struct {
	client string
	value  float64
	label  string
	none   bool // the client came to nothing, and value is when the wait for it ended: the bar is hatched
}

const (
	barsBegin  = 190
	barsLength = 420
)

func (s bars) height() int { return nameSpace + len(s.bars)*rowHeight }

func (s bars) draw(b *strings.Builder, y int) {
	longest := 0.0
	for _, bar := range s.bars {
		longest = max(longest, bar.value)
	}
	drawName(b, y, s.name)
	y += nameSpace
	for _, bar := range s.bars {
		length, paint := bar.value/longest*barsLength, fmt.Sprintf(`class="%s"`, class(bar.client))
		if bar.none {
			paint = `fill="url(#none)"`
		}
		drawText(b, barsBegin-8, y, "end", bar.client)
		fmt.Fprintf(b, `<rect %s x="%d" y="%d" width="%.1f" height="%d"/>`+"\n", paint, barsBegin, y+2, length, rowHeight-4)
		drawText(b, barsBegin+length+6, y, "start", bar.label)
		y += rowHeight
	}
}
