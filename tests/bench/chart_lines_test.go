package bench

import (
	"fmt"
	"math"
	"strings"
)

// lines is a section with a line for each series, both scales logarithmic: a cost that grows with the count rises, and one
// that does not is level.
type lines struct {
	name   string
	counts []float64 // what is counted, from left to right
	across string    // the name of what is counted
	series []series
}

// series is what one client costs at each count, as far as it was measured.
type series struct {
	client string
	costs  []float64
}

const (
	linesBegin  = 70
	linesLength = 640
	linesHeight = 130
	linesGap    = 6 // below the name
)

func (s lines) height() int { return nameSpace + linesGap + linesHeight + 2*rowHeight }

func (s lines) draw(b *strings.Builder, y int) {
	drawName(b, y, s.name)
	y += nameSpace + linesGap
	low, high := s.decades()
	for d := low; d <= high; d++ {
		at := s.level(math.Pow10(d), y)
		fmt.Fprintf(b, `<line class="line" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>`+"\n", linesBegin, at, linesBegin+linesLength, at)
		drawText(b, linesBegin-8, int(at)-rowHeight/2, "end", tick(d))
	}
	for i := range s.series {
		one := s.series[len(s.series)-1-i] // ours, the first, on top
		points, dashes := []string{}, ""
		if one.client == unshared {
			dashes = ";stroke-dasharray:6 4"
		}
		for j, cost := range one.costs {
			points = append(points, fmt.Sprintf("%.1f,%.1f", s.place(s.counts[j]), s.level(cost, y)))
		}
		fmt.Fprintf(b, `<polyline class="%s" points="%s" style="fill:none;stroke-width:2%s"/>`+"\n",
			trace(one.client), strings.Join(points, " "), dashes)
		for j, cost := range one.costs {
			mark{client: one.client, ratio: cost}.draw(b, s.place(s.counts[j]), s.level(cost, y))
		}
	}
	y += linesHeight + 4
	for _, count := range s.counts {
		drawText(b, s.place(count), y, "middle", grouped(count))
	}
	drawText(b, linesBegin+linesLength/2, y+rowHeight, "middle", s.across)
}

// trace returns the class that paints the line of a client.
func trace(client string) string {
	switch client {
	case ours, unshared:
		return "accent"
	case needed:
		return "line"
	}
	return "hatch"
}

// tick writes a power of ten.
func tick(decade int) string {
	if decade < 0 {
		return fmt.Sprintf("%.*f", -decade, math.Pow10(decade))
	}
	return grouped(math.Pow10(decade))
}

// decades returns the powers of ten around all costs. What costs nothing is drawn at the lower one.
func (s lines) decades() (low, high int) {
	least, most := math.Inf(1), 0.0
	for _, one := range s.series {
		for _, cost := range one.costs {
			most = max(most, cost)
			if cost > 0 {
				least = min(least, cost)
			}
		}
	}
	low, high = int(math.Floor(math.Log10(least))), int(math.Ceil(math.Log10(most)))
	return low, max(high, low+1)
}

// level returns where a cost is, from the top of the picture.
func (s lines) level(cost float64, top int) float64 {
	low, high := s.decades()
	part := (math.Log10(max(cost, math.Pow10(low))) - float64(low)) / float64(high-low)
	return float64(top) + linesHeight*(1-part)
}

// place returns where a count is, from the left of the picture.
func (s lines) place(count float64) float64 {
	first, last := math.Log10(s.counts[0]), math.Log10(s.counts[len(s.counts)-1])
	return linesBegin + 20 + (math.Log10(count)-first)/(last-first)*(linesLength-40)
}
