package winddown

import "sync"

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
	// Slots are the places for its evidence.
	Slots []Slot
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
const CurrentPlaybook = 2

// PlaybookVersion returns a version of the playbook, or false for one that never was.
//
// The steps and their gates are those of the LikeStats article of 13.06.2023, with
// zeroing the FBS stock moved to the head: orders go on arriving until that is done.
// Version 1 asks for no proof; version 2 wants it where the seller pays for a claim that
// turns out not to be true, and for the act itself.
//
// What it returns is shared: nobody changes it.
func PlaybookVersion(version int) (Playbook, bool) {
	if version < 1 || version > CurrentPlaybook {
		return Playbook{}, false
	}
	return playbooks()[version-1], true
}

// playbooks are made once: a page of a case asks for its playbook dozens of times.
var playbooks = sync.OnceValue(func() (all [CurrentPlaybook]Playbook) {
	for i := range all {
		all[i] = playbook(i + 1)
	}
	return all
})

func playbook(version int) Playbook {
	required := version > 1
	return Playbook{
		Version: version,
		Checked: Date{2026, 11, 22},
		Steps: []StepDef{
			{Code: ZeroFBS, Group: StopSelling, Regressable: true, Slots: []Slot{{Code: SlotStockZero, Required: required}}},
			{Code: SellOut, Group: StopSelling, Regressable: true, Slots: []Slot{{Code: SlotOrdersDone}}},
			{Code: ReturnStock, Group: StopSelling, Regressable: true, Slots: []Slot{
				{Code: SlotRemainsZero, Required: required}, {Code: SlotReturnPaper}}},
			{Code: CollectReturns, Group: StopSelling, Regressable: true, Slots: []Slot{{Code: SlotReturnsDone}}},
			{Code: StripMedia, Group: CleanCards, Regressable: true, Slots: []Slot{{Code: SlotCardsClean}}},
			{Code: RequestAct, Group: SettleScores, Gate: []Code{ZeroFBS, SellOut, ReturnStock, CollectReturns}, Warn: []Code{StripMedia},
				Slots: []Slot{{Code: SlotRequest, PerAct: true}}},
			{Code: ReceiveAct, Group: SettleScores, Gate: []Code{RequestAct}, Slots: []Slot{
				{Code: SlotActFile, Required: required, PerAct: true}}},
			{Code: SignAct, Group: SettleScores, Gate: []Code{ReceiveAct}, Slots: []Slot{
				{Code: SlotSignedAct, Required: required, PerAct: true}, {Code: SlotObjections, PerAct: true}}},
			{Code: SettleDebts, Group: SettleScores, Gate: []Code{SignAct}, Slots: []Slot{
				{Code: SlotFinalBalance}, {Code: SlotDebtProof, Early: true}}},
		},
	}
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
