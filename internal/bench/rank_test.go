package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

// In noise like that of password hashes the comparison sees a millisecond, and nothing where there is
// nothing.
func TestCompareSeesAMillisecond(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(more float64) (all []float64) {
		for range 600 {
			all = append(all, 35+math.Abs(r.NormFloat64()*4)+r.ExpFloat64()*3+more)
		}
		return all
	}
	a := noise(0)
	if s := compare(a, noise(1)); s.p > 1e-4 || s.low < 0 || s.low > 1 || s.high < 1 || s.by < 0.5 || s.by > 1.5 {
		t.Errorf("a millisecond more is seen as %+v", s)
	}
	if s := compare(noise(1), a); s.p > 1e-4 || s.high > 0 {
		t.Errorf("a millisecond less is seen as %+v", s)
	}
	seen := 0
	for range 40 {
		if s := compare(noise(0), noise(0)); s.p < 0.05 {
			seen++
		}
	}
	if seen > 6 {
		t.Errorf("%d of 40 pairs of equal samples differ", seen)
	}
	if s := compare([]float64{1, 2, 3}, []float64{1, 2, 3}); s.by != 0 || s.p != 1 {
		t.Errorf("the same is seen as %+v", s)
	}
}
