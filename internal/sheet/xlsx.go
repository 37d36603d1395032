package sheet

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/xuri/excelize/v2"
)

// XLSX writes a workbook with typed cells; every sheet has a frozen header and a filter. The
// same content and time give the same bytes.
type XLSX struct {
	to     io.Writer
	file   *excelize.File
	sheet  *excelize.StreamWriter // nil before the first sheet
	width  int                    // columns of the sheet
	rows   int                    // rows of the sheet, its header among them
	styles struct{ head, whole, money, date int }
}

// NewXLSX returns a writer; at is the time the workbook says it was made.
func NewXLSX(w io.Writer, at time.Time) (*XLSX, error) {
	x := &XLSX{to: w, file: excelize.NewFile()}
	at = at.UTC().Truncate(time.Second)
	x.file.ZipWriter = func(w io.Writer) excelize.ZipWriter {
		return &sortedZip{to: w, at: at, parts: map[string]*zipPart{}}
	}
	made := at.Format(time.RFC3339)
	err := errors.Join(
		x.file.SetDocProps(&excelize.DocProperties{Creator: "Winddown", Created: made, Modified: made}),
		x.file.SetAppProps(&excelize.AppProperties{Application: "Winddown"}),
	)
	style := func(s excelize.Style) int {
		id, e := x.file.NewStyle(&s)
		err = errors.Join(err, e)
		return id
	}
	format := func(code string) excelize.Style { return excelize.Style{CustomNumFmt: &code} }
	x.styles.head = style(excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	x.styles.whole = style(excelize.Style{NumFmt: 1})
	x.styles.money = style(excelize.Style{NumFmt: 4}) // #,##0.00, which every language shows its own way
	x.styles.date = style(format(`yyyy\-mm\-dd`))
	if err != nil {
		return nil, errors.Join(err, x.file.Close())
	}
	return x, nil
}

// Sheet begins a sheet. A name has at most 31 characters, none of them : \ / ? * [ ].
func (x *XLSX) Sheet(name string, columns ...Column) error {
	if len(columns) == 0 {
		return errors.New("a sheet has columns")
	}
	if x.sheet == nil {
		if err := x.file.SetSheetName("Sheet1", name); err != nil {
			return err
		}
	} else {
		if err := x.flush(); err != nil {
			return err
		}
		if _, err := x.file.NewSheet(name); err != nil {
			return err
		}
	}
	var err error
	if x.sheet, err = x.file.NewStreamWriter(name); err != nil {
		return err
	}
	x.width, x.rows = len(columns), 0
	titles := make([]any, len(columns))
	for i, column := range columns {
		titles[i] = excelize.Cell{StyleID: x.styles.head, Value: column.Title}
		if column.Width > 0 {
			if err := x.sheet.SetColWidth(i+1, i+1, column.Width); err != nil {
				return err
			}
		}
	}
	err = x.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
	if err != nil {
		return err
	}
	return x.write(titles)
}

// Row writes one row of the sheet begun last.
func (x *XLSX) Row(cells ...Cell) error {
	if x.sheet == nil {
		return errNoSheet
	}
	values := make([]any, len(cells))
	for i, c := range cells {
		switch c.kind {
		case text:
			if c.text != "" {
				values[i] = c.text // an inline string: never a number, never a formula
			}
		case number:
			values[i] = excelize.Cell{StyleID: x.styles.whole, Value: c.number}
		case money:
			values[i] = excelize.Cell{StyleID: x.styles.money, Value: float64(c.number) / 100}
		case date:
			values[i] = excelize.Cell{StyleID: x.styles.date, Value: c.day}
		}
	}
	return x.write(values)
}

func (x *XLSX) write(values []any) error {
	x.rows++
	at, err := excelize.CoordinatesToCellName(1, x.rows)
	if err != nil {
		return err
	}
	return x.sheet.SetRow(at, values)
}

func (x *XLSX) flush() error {
	end, err := excelize.CoordinatesToCellName(x.width, x.rows)
	if err != nil {
		return err
	}
	if err := x.file.AutoFilter(x.sheet.Sheet, "A1:"+end, nil); err != nil {
		return err
	}
	return x.sheet.Flush()
}

// Close writes the workbook.
func (x *XLSX) Close() (err error) {
	defer func() { err = errors.Join(err, x.file.Close()) }()
	if x.sheet == nil {
		return errNoSheet
	}
	if err := x.flush(); err != nil {
		return err
	}
	return x.file.Write(x.to)
}

// sortedZip writes its parts by name and with one time: excelize gives the sheets in an
// order that differs from run to run. Until then they wait compressed: a sheet of fifty
// thousand rows would not be small.
type sortedZip struct {
	to    io.Writer
	at    time.Time
	parts map[string]*zipPart
	open  *zipPart
	flate *flate.Writer // of the open part; a megabyte, so one for all
}

// zipPart is a part while it is compressed.
type zipPart struct {
	data   bytes.Buffer
	flate  *flate.Writer
	header zip.FileHeader
}

// Write compresses more of the part.
func (p *zipPart) Write(b []byte) (int, error) {
	p.header.CRC32 = crc32.Update(p.header.CRC32, crc32.IEEETable, b)
	p.header.UncompressedSize64 += uint64(len(b))
	return p.flate.Write(b)
}

// Create ends the part before and takes another.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	if err := z.end(); err != nil {
		return nil, err
	}
	year, month, day := z.at.Date()
	p := &zipPart{header: zip.FileHeader{
		Name: name, Method: zip.Deflate,
		ModifiedDate: uint16(day + int(month)<<5 + (year-1980)<<9),                 //nolint:staticcheck // CreateRaw writes it as it is
		ModifiedTime: uint16(z.at.Second()/2 + z.at.Minute()<<5 + z.at.Hour()<<11), //nolint:staticcheck // CreateRaw writes it as it is
	}}
	if z.flate == nil {
		var err error
		if z.flate, err = flate.NewWriter(&p.data, flate.DefaultCompression); err != nil {
			return nil, err
		}
	}
	z.flate.Reset(&p.data)
	p.flate = z.flate
	z.parts[name], z.open = p, p
	return p, nil
}

// end ends the part that is open, if any.
func (z *sortedZip) end() error {
	if z.open == nil {
		return nil
	}
	p := z.open
	z.open = nil
	err := p.flate.Close()
	p.flate, p.header.CompressedSize64 = nil, uint64(p.data.Len())
	return err
}

// AddFS is not used.
func (z *sortedZip) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close writes the parts.
func (z *sortedZip) Close() error {
	if err := z.end(); err != nil {
		return err
	}
	out := zip.NewWriter(z.to)
	for _, name := range slices.Sorted(maps.Keys(z.parts)) {
		w, err := out.CreateRaw(&z.parts[name].header)
		if err != nil {
			return err
		}
		if _, err := z.parts[name].data.WriteTo(w); err != nil {
			return err
		}
	}
	return out.Close()
}
