package site_test

import (
	"testing"

	"winddown/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Run(m) }
