package winddown

// Code names a step. Codes stay: links, rows and history use them.
type Code string

// The steps of playbook version 1.
const (
	ZeroFBS        Code = "zero_fbs"
	SellOut        Code = "sell_out"
	ReturnStock    Code = "return_stock"
	CollectReturns Code = "collect_returns"
	StripMedia     Code = "strip_media"
	RequestAct     Code = "request_act"
	ReceiveAct     Code = "receive_act"
	SignAct        Code = "sign_act"
	SettleDebts    Code = "settle_debts"
)

// StepGroup is a heading of the checklist.
type StepGroup string

// The groups of steps.
const (
	StopSelling  StepGroup = "stop"
	CleanCards   StepGroup = "cards"
	SettleScores StepGroup = "settle"
)

// StepDef is the definition of one step: where it stands and what opens it.
type StepDef struct {
	Code  Code
	Group StepGroup
	// Gate lists the steps that must be done or not needed before this one can be.
	Gate []Code
	// Warn lists steps that ought to come first but do not close this one.
	Warn []Code
	// Regressable steps can stop being true after they were done, because goods come
	// back: «Товар снова появился».
	Regressable bool
}

// Playbook is one version of the definition of the steps. A case keeps the version it
// was opened with.
type Playbook struct {
	Version int
	Steps   []StepDef
	// Checked is the day on which the instruction texts were last compared with their sources.
	Checked Date
}

// CurrentPlaybook is the version new cases are opened with.
const CurrentPlaybook = 1

// PlaybookVersion returns a version of the playbook, or false for one that never was.
//
// The steps and their gates are those of the LikeStats article of 13.06.2023, with
// zeroing the FBS stock moved to the head: orders go on arriving until that is done.
func PlaybookVersion(version int) (Playbook, bool) {
	if version != 1 {
		return Playbook{}, false
	}
	return Playbook{
		Version: 1,
		Checked: Date{2026, 11, 22},
		Steps: []StepDef{
			{Code: ZeroFBS, Group: StopSelling, Regressable: true},
			{Code: SellOut, Group: StopSelling, Regressable: true},
			{Code: ReturnStock, Group: StopSelling, Regressable: true},
			{Code: CollectReturns, Group: StopSelling, Regressable: true},
			{Code: StripMedia, Group: CleanCards, Regressable: true},
			{Code: RequestAct, Group: SettleScores, Gate: []Code{ZeroFBS, SellOut, ReturnStock, CollectReturns}, Warn: []Code{StripMedia}},
			{Code: ReceiveAct, Group: SettleScores, Gate: []Code{RequestAct}},
			{Code: SignAct, Group: SettleScores, Gate: []Code{ReceiveAct}},
			{Code: SettleDebts, Group: SettleScores, Gate: []Code{SignAct}},
		},
	}, true
}

// Step returns the definition of a step of this version.
func (p Playbook) Step(code Code) (StepDef, bool) {
	for _, d := range p.Steps {
		if d.Code == code {
			return d, true
		}
	}
	return StepDef{}, false
}
