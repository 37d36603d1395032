package main

import (
	"math"
	"slices"
)

// shift compares two samples by their ranks (Mann and Whitney): by how much the second is higher, in
// the unit of both, between which bounds that lies with 95 % confidence (Hodges and Lehmann, Moses),
// and the two-sided probability of ranks at least as far apart when both come from one distribution.
type shift struct{ by, low, high, p float64 }

func compare(a, b []float64) shift {
	d := differences{slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))}
	n, m := float64(len(a)), float64(len(b))
	below, notAbove := d.atMost(-math.SmallestNonzeroFloat64), d.atMost(0)
	u := n*m - float64(below+notAbove)/2 // pairs in which b is higher; a tie is half of one
	// Normal. Ties would make sigma smaller: without a correction for them p is too careful.
	sigma := math.Sqrt(n * m * (n + m + 1) / 12)
	z := math.Max(0, math.Abs(u-n*m/2)-0.5) / sigma
	const z95 = 1.959964
	edge := max(0, int(n*m/2-z95*sigma))
	last := len(a)*len(b) - 1
	return shift{by: d.at(last / 2), low: d.at(edge), high: d.at(last - edge), p: math.Erfc(z / math.Sqrt2)}
}

// differences are those of every number of to and every one of from, both sorted. There are too
// many to write them down.
type differences struct{ from, to []float64 }

// atMost counts those that are not greater than v.
func (d differences) atMost(v float64) (count int) {
	i := 0
	for _, y := range d.to {
		for i < len(d.from) && y-d.from[i] > v {
			i++
		}
		count += len(d.from) - i
	}
	return count
}

// at returns the one that would stand at place k, counted from nought, were they sorted: the
// lowest number that more than k of them do not exceed.
func (d differences) at(k int) float64 {
	low, high := placeOf(d.to[0]-d.from[len(d.from)-1]), placeOf(d.to[len(d.to)-1]-d.from[0])
	for low < high {
		middle := low + (high-low)/2
		if d.atMost(valueAt(middle)) > k {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return valueAt(low) + 0 // no -0
}

const sign = 1 << 63

// placeOf numbers the floating-point numbers in their order.
func placeOf(v float64) uint64 {
	bits := math.Float64bits(v)
	if bits&sign != 0 {
		return ^bits
	}
	return bits | sign
}

// valueAt is what stands in a place.
func valueAt(place uint64) float64 {
	if place&sign != 0 {
		return math.Float64frombits(place &^ sign)
	}
	return math.Float64frombits(^place)
}
