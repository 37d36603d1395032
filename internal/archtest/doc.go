// Package archtest holds tests of the project as a whole: the floors, the rules that cross
// packages, and the files around the code.
package archtest
