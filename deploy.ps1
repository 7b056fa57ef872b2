# .\deploy.ps1 <dev|staging|prod> [verb] [options]; the same as deploy.sh, for Windows.
$ErrorActionPreference = 'Stop'
$root = $PSScriptRoot
$made = Join-Path $root 'var/ops/python'
$wanted = Join-Path $root 'src/contravento_ops/requirements.txt'
$bin = if ($IsLinux -or $IsMacOS) { 'bin' } else { 'Scripts' }
$python = Join-Path $made "$bin/python"
$from = Join-Path $made 'made-from'

function Test-Same { (Test-Path $from) -and ((Get-FileHash $from).Hash -eq (Get-FileHash $wanted).Hash) }

if (-not (Test-Same)) {
    $found = $null
    foreach ($each in @(@('py', '-3.13'), @('py', '-3.14'), @('py', '-3.12'), @('python3'), @('python'))) {
        $rest = @($each | Select-Object -Skip 1)
        try { & $each[0] @rest -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>$null } catch { continue }
        if ($LASTEXITCODE -eq 0) { $found = $each; break }
    }
    if (-not $found) { [Console]::Error.WriteLine('Python 3.12 or newer is needed; none was found.'); exit 1 }
    [Console]::Error.WriteLine("Making the deployment program's environment in var/ops/python, once ...")
    if (Test-Path $made) { Remove-Item -Recurse -Force $made }
    $rest = @($found | Select-Object -Skip 1)
    & $found[0] @rest -m venv $made
    if ($LASTEXITCODE -ne 0) { exit 1 }
    & $python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $wanted
    if ($LASTEXITCODE -ne 0) { Remove-Item -Recurse -Force $made; exit 1 }
    Copy-Item $wanted $from
}
$env:PYTHONPATH = Join-Path $root 'src'
$env:CONTRAVENTO_ROOT = $root
& $python -m contravento_ops @args
exit $LASTEXITCODE
