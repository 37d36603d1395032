# syntax=docker/dockerfile:1

FROM node:22-bookworm-slim AS assets
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-fund --no-audit
COPY web/scripts ./scripts
COPY web/static ./static
RUN npm run build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=assets /src/web/static/dist ./web/static/dist
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /winddown ./cmd/winddown && mkdir /evidence

# No shell, no package manager, an ordinary user. Nothing is written to the root file
# system but the evidence, on a volume of its own: the root may be mounted read-only.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /winddown /winddown
COPY --from=build --chown=nonroot:nonroot /evidence /evidence
ENV WINDDOWN_ADDR=0.0.0.0:8080 WINDDOWN_LOG_FORMAT=json WINDDOWN_FILES_DIR=/evidence
VOLUME /evidence
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["/winddown", "healthcheck"]
ENTRYPOINT ["/winddown"]
CMD ["serve"]
