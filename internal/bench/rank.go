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
	n, m := float64(len(a)), float64(len(b))
	differences := make([]float64, 0, len(a)*len(b))
	var u float64 // pairs in which b is higher; a tie is half of one
	for _, y := range b {
		for _, x := range a {
			differences = append(differences, y-x)
			switch {
			case y > x:
				u++
			case y == x:
				u += 0.5
			}
		}
	}
	slices.Sort(differences)
	// Normal. Ties would make sigma smaller: without a correction for them p is too careful.
	sigma := math.Sqrt(n * m * (n + m + 1) / 12)
	z := math.Max(0, math.Abs(u-n*m/2)-0.5) / sigma
	const z95 = 1.959964
	edge := max(0, int(n*m/2-z95*sigma))
	last := len(differences) - 1
	return shift{by: differences[last/2], low: differences[edge], high: differences[last-edge], p: math.Erfc(z / math.Sqrt2)}
}
