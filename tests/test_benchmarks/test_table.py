"""The table, the page's marks, the file of results, the selection of rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.speed import growth, page, results, table
from benchmarks.speed.cases import Case, Variant, row_name, selected
from benchmarks.speed.machine import instruction_set, kind_of, lacks, line
from benchmarks.speed.pairing import Ratio
from benchmarks.speed.table_of_gpu import GPU_CASES, share_of_datasheet
from benchmarks.speed.table_of_work import CASES

MACHINE = {
    'processor': 'Some CPU (R) 7',
    'instruction_set': 'amx',
    'cores': 2,
    'threads': 2,
    'memory_gb': 16.0,
    'gemm_gflops': {'fp32': 100.0, 'bf16': 800.0, 'int8': None},
    'memory_gb_per_s': 10.0,
    'gpu': None,
    'system': 'Linux',
}
FAST = Variant('fast', 'fast()', {}, {'amx': 3.0, 'avx512_bf16': 2.0}, 0.5)
CASE = Case('work', 'some work', 'scoring.metric', 'peer()', {}, (FAST,), 'scores')


def pair(peer, ours, slow=False):
    probes = [1.0, 2.0 if slow else 1.0]
    sides = {'peer': (peer, 400.0), 'ours': (ours, 250.0)}
    measured = {
        side: {'seconds': seconds, 'peak_mb': peak, 'base_mb': 200.0}
        for side, (seconds, peak) in sides.items()
    }
    return {**measured, 'probes': probes}


def row(*pairs, **more):
    same = {'relative_error': 0.0}
    return {'pairs': pairs, 'form': 'full', 'usual_probe': 1.0, 'agreement': same, **more}


def test_row_that_reaches_its_goal():
    found = table.cells(
        CASE, FAST, row(pair(4.0, 1.0), pair(12.0, 3.0), pair(9.0, 9.0, True)), 'amx'
    )
    assert found == [
        'some work',
        '`fast`',
        '8.00 s',
        '2.00 s',
        '**4.00** (4.00 to 4.00; n=2, 1 dropped)',
        '3x, memory 0.5x',
        'scores equal',
        '400 (+200) / 250 (+50)',
        '',
    ]


def test_row_that_misses_its_goal_stays_with_its_figure(monkeypatch):
    missed = row(pair(0.04, 0.02), form='quick')
    cells = table.cells(CASE, FAST, missed, 'amx')
    assert cells[4:6] == ['**2.00** (2.00 to 2.00; n=1)', '3x, memory 0.5x **missed**']
    assert cells[2:4] == ['40 ms', '20 ms']
    assert cells[8] == 'quick; what stands in the way is not yet known'
    monkeypatch.setitem(table.REASONS, 'work', 'the disk')
    assert table.cells(CASE, FAST, missed, 'amx')[8] == 'quick; the disk'


def test_too_much_memory_is_a_missed_goal():
    greedy = row(pair(8.0, 2.0))
    greedy['pairs'][0]['ours']['peak_mb'] = 320.0  # 120 above the model, the peer has 200
    assert table.cells(CASE, FAST, greedy, 'amx')[5].endswith('**missed**')


@pytest.mark.parametrize(
    ('found', 'word', 'remark'),
    [
        (None, 'not measured', ''),
        (
            {'not_available': 'no such extra;\ninstall it | now'},
            'not available',
            'install it / now',
        ),
        ({'fault': 'Traceback\nValueError: 3\n'}, 'failed', 'ValueError: 3'),
    ],
)
def test_rows_without_figures(found, word, remark):
    cells = table.cells(CASE, FAST, found, 'amx')
    assert (cells[4], cells[8], len(cells)) == (word, remark, 9)


def test_goals_of_the_instruction_set():
    assert table.goal_words(FAST, 'avx512_bf16') == '2x, memory 0.5x'
    assert table.goal_words(FAST, 'avx2').startswith('none here (AMX 3x, AVX512-BF16 2x)')
    assert table.goal_words(Variant('x', ''), 'amx') == ''
    assert table.goal_words(Variant('x', '', {}, {'any': 5}, 1.0), 'avx2') == (
        '5x, memory not above'
    )


def test_all_pairs_in_slow_spells():
    slow = [pair(9.0, 3.0, True), pair(10.0, 2.0, True)]
    cells = table.cells(CASE, FAST, row(*slow), 'amx')
    assert cells[4] == 'none: all 2 pairs fell in slow spells (4.0 in them)'
    assert 'missed' not in cells[5]
    assert table.ratio_words(Ratio(1.5, 1.0, 2.0, 3, 0), []) == '**1.50** (1.00 to 2.00; n=3)'


@pytest.mark.parametrize(
    ('seconds', 'words'), [(None, ''), (0.0042, '4.2 ms'), (2.5, '2.50 s'), (242.4, '242.4 s')]
)
def test_durations(seconds, words):
    assert table.duration(seconds) == words


def test_every_line_of_the_table_has_all_columns():
    shown = table.table([CASE], {'machine': MACHINE, 'rows': {'work/fast': row(pair(4, 1))}})
    assert len({text.count('|') for text in shown.splitlines()}) == 1
    assert shown.splitlines()[2].startswith('| some work | `fast` |')


def test_rows_of_the_issue_have_names_of_their_own():
    names = [row_name(case, variant) for case in (*CASES, *GPU_CASES) for variant in case.variants]
    assert len(names) == len(set(names)) > 40
    chosen = list(selected(CASES, 'r50/.*bf16', quick=True))
    assert [row_name(c, v) for c in chosen for v in c.variants] == [
        'forward-r50/torch-bf16',
        'forward-r50/openvino-bf16',
    ]
    assert not any(case.name == 'slide-6000' for case in selected(CASES, '', quick=True))


def test_kind_of_machine():
    assert instruction_set({'avx2', 'avx512f', 'avx512_bf16'}) == 'avx512_bf16'
    assert instruction_set({'sse2'}) == 'other'
    assert kind_of(MACHINE) == 'amx-some-cpu-r-7-2threads'
    assert 'GEMM fp32 100, bf16 800 GFLOP/s' in line(MACHINE)


def test_rows_without_instructions_are_left_out():
    rates = {'fp32': 90.0, 'bf16': 0.2, 'int8': 0.4}
    plain = {**MACHINE, 'instruction_set': 'avx2', 'gemm_gflops': rates}
    assert 'no bf16 instructions here' in lacks(plain, {'precision': 'bf16'})
    assert 'no bf16 instructions here' in lacks(plain, {'amp': True})
    assert 'computes in fp32' in lacks(plain, {'precision': 'bf16', 'backend': 'openvino'})
    assert lacks(plain, {'precision': 'int8', 'backend': 'openvino'}) == ''
    assert lacks(plain, {}) == lacks(MACHINE, {'precision': 'bf16'}) == ''


def test_results_are_merged_row_by_row(tmp_path, monkeypatch):
    monkeypatch.setattr(results, 'commit', lambda: 'abc')
    path = tmp_path / 'machine_2026-01-01.json'
    results.Results(path, MACHINE).add('rows', {'a/x': {'form': 'full', 'n': 1}, 'b/x': {'n': 2}})
    later = results.Results(path, MACHINE)
    later.add('rows', {'b/x': {'form': 'quick', 'n': 3}})
    assert {name: row['n'] for name, row in results.read(path)['rows'].items()} == {
        'a/x': 1,
        'b/x': 3,
    }
    assert later.done('a/x', 'full') and not later.done('b/x', 'full')
    with pytest.raises(ValueError, match='figures of different machines'):
        results.Results(path, {**MACHINE, 'instruction_set': 'avx2'})


def test_newest_results_of_each_kind(tmp_path):
    names = ['amx-a_2026-01-02.json', 'amx-a_2026-01-10.json', 'avx2-b_2025-12-31.json']
    paths = [tmp_path / name for name in names]
    assert results.newest(paths) == paths[1:]


def test_marks_of_the_page():
    text = 'a\n[//]: # (begin t)\nold\n[//]: # (end t)\nb\n'
    made = page.put_between(text, 't', 'new \\1')
    assert made == 'a\n[//]: # (begin t)\n\nnew \\1\n\n[//]: # (end t)\nb\n'
    assert page.put_between(made, 't', 'new \\1') == made
    with pytest.raises(ValueError, match='must have the marks'):
        page.put_between(text, 'u', 'new')


def test_page_of_one_machine(tmp_path, monkeypatch):
    """Tables, floor and plots are written from a file of results alone."""
    case = next(case for case in CASES if case.name == 'metric-7')
    points = [{'x': x, 'side': 'this project', 'seconds': x / 9, 'peak_mb': 5} for x in (1, 2)]
    question = {'title': 'Much', 'x': 'x', 'points': points, 'left_out': ['x at 3: about 9 GiB']}
    question['exponents'] = {'this project': {'seconds': 1.0, 'peak_mb': None}}
    content = {
        'machine': MACHINE,
        'date': '2026-01-01',
        'versions': {'this project': {'torch': '2'}},
        'rows': {row_name(case, case.variants[0]): row(pair(0.04, 0.004))},
        'growth': {'much': question},
    }
    monkeypatch.setattr(results, 'FOLDER', tmp_path)
    (tmp_path / 'amx-x_2026-01-01.json').write_text(__import__('json').dumps(content))
    written = tmp_path / 'performance.md'
    written.write_text(page.PAGE.read_text(encoding='utf-8'), encoding='utf-8')
    page.write_page(written, tmp_path)
    text = written.read_text(encoding='utf-8')
    assert '| IoUMetric, 1024x1024, 7 classes | `default` | 40 ms | 4 ms | **10.00**' in text
    assert '| metric-7/default | 0 | 17 | 0 ms | 1.68 ms | 1.68 ms | 4 ms | 2.4x |' in text
    assert 'this project: time with the power 1.00. Left out: x at 3: about 9 GiB.' in text
    assert (tmp_path / 'amx-x_2026-01-01-ratios.png').stat().st_size > 5000
    assert (tmp_path / 'amx-x_2026-01-01-much.png').stat().st_size > 5000


def test_exponents_and_expected_memory():
    square = [{'x': x, 'seconds': 3.0 * x**2, 'peak_mb': 100.0 * x} for x in (1, 2, 4, 8)]
    assert growth.exponent(square) == pytest.approx(2)
    assert growth.exponent(square, 'peak_mb') == pytest.approx(1)
    assert growth.exponent(square[:1]) is None
    before = [{'x': 8, 'peak_mb': 350.0, 'base_mb': 300.0}]
    assert growth.expected_mb(before, 16, 2) == 500  # 50 above the base become 200
    assert growth.expected_mb([], 16, 2) == 0


def test_share_of_the_datasheet():
    assert share_of_datasheet(1.06 * 16 / 989) == pytest.approx(1)


def test_one_case_is_chosen_by_its_variants():
    two = replace(CASE, variants=(FAST, Variant('slow', '')))
    (chosen,) = selected((two,), 'slow', quick=False)
    assert [variant.name for variant in chosen.variants] == ['slow']
