// Package winddown is the domain: a seller's case, the steps of its wind-down,
// the reconciliation act, who may do what, and the trail of what was done.
//
// Everything here is a pure function of its arguments. Time, people and rows come
// in as values; the package imports nothing but the pure standard library.
package winddown
