package main

import (
	"math"
	"math/rand/v2"
	"slices"
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

// The bounds are found without writing all differences down, and are those one would find there.
func TestCompareCountsEveryPair(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		sample := func() (all []float64) {
			for range 2 + r.IntN(30) {
				all = append(all, float64(r.IntN(9)-4)/4+float64(r.IntN(2))*r.NormFloat64()) // with ties
			}
			return all
		}
		a, b := sample(), sample()
		var all []float64
		var u float64
		for _, y := range b {
			for _, x := range a {
				all = append(all, y-x)
				switch {
				case y > x:
					u++
				case y == x:
					u += 0.5
				}
			}
		}
		slices.Sort(all)
		n, m := float64(len(a)), float64(len(b))
		sigma := math.Sqrt(n * m * (n + m + 1) / 12)
		edge := max(0, int(n*m/2-1.959964*sigma))
		last := len(all) - 1
		want := shift{all[last/2], all[edge], all[last-edge], math.Erfc(math.Max(0, math.Abs(u-n*m/2)-0.5) / sigma / math.Sqrt2)}
		if got := compare(a, b); got != want {
			t.Fatalf("%v and %v: %+v, want %+v", a, b, got, want)
		}
	}
}
