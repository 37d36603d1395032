package i18n

import "strings"

// marker is a word in a browser's description of itself and what it stands for.
type marker struct{ word, name string }

// Browser makes of a browser's description of itself what a person can tell apart: «Chrome, Windows».
// Browsers name the ones they descend from, so the order matters.
func (p *Printer) Browser(userAgent string) string {
	browser := firstMarker(userAgent, []marker{
		{"YaBrowser/", "Yandex Browser"}, {"OPR/", "Opera"}, {"Edg", "Edge"}, {"Vivaldi/", "Vivaldi"},
		{"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	})
	system := firstMarker(userAgent, []marker{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"},
		{"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	})
	switch {
	case browser == "" && system == "":
		return p.T("account.session.unknown")
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + ", " + system
}

func firstMarker(s string, markers []marker) string {
	for _, m := range markers {
		if strings.Contains(s, m.word) {
			return m.name
		}
	}
	return ""
}
