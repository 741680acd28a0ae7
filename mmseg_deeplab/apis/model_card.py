"""A model card: what a user of published weights has to know, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmseg_deeplab.apis.checkpoint_facts import measured_scores
from mmseg_deeplab.utils.files import file_hash


def model_card(
    name: str,
    facts: Mapping[str, Any],
    files: Sequence[Path],
    measured: Mapping[str, Any] | None = None,
) -> str:
    """The text of a card.

    Args:
        name: The model's.
        facts: Of :func:`checkpoint_facts.checkpoint_facts`.
        files: The published files.
        measured: Content of a ``metrics.json``, fractions of 1; the last validation's scores
            among the facts if None.
    """
    parts = [
        '---\nlibrary_name: mmseg_deeplab\npipeline_tag: image-segmentation\n'
        'tags:\n- semantic-segmentation\n- aerial-imagery\n---\n',
        f'# {name}\n',
        _architecture(facts),
        _table(('file', 'MiB', 'sha256'), [_file_row(path) for path in files]),
        '## Input\n',
        _input(facts),
        '## Classes\n',
        _classes(facts, measured),
        '## Scores\n',
        _scores(facts, measured),
        '## Training\n',
        _pairs({**facts['run'], **_named_versions(facts['versions'])}),
        '## Use\n',
        f'```python\nfrom mmseg_deeplab.apis import inference_model, init_model\n\n'
        f"model = init_model('CONFIG.py', '{files[0].name}')\n"
        f"result = inference_model(model, 'IMAGE')\n```\n",
        '## Licence and limits\n',
        'Not stated yet: the licence of the weights, that of the training data, and where the '
        'model must not be used.\n',
    ]
    return '\n'.join(parts)


def _architecture(facts: Mapping[str, Any]) -> str:
    model, weights = facts['model'], facts['weights']
    depth = f'-{model["depth"]}' if 'depth' in model else ''
    head = model.get('decode_head', 'a decode head')
    backbone = f'{model.get("backbone", "a backbone")}{depth}'
    return (
        f'{model.get("type", "A segmentation model")} of {backbone} and {head}, '
        f'{weights["parameters"]:,} parameters ({", ".join(weights["dtypes"])}).\n'
    )


def _input(facts: Mapping[str, Any]) -> str:
    given = facts['input']
    ground = given.get('ground_resolution')
    rows = {
        'bands': given.get('bands') or facts['weights']['bands'],
        'ground resolution': 'not noted' if ground is None else ground,
        'mean': given.get('mean'),
        'standard deviation': given.get('std'),
        'files are BGR, the model takes RGB': given.get('bgr_to_rgb'),
        'scaling': given.get('scaling'),
        'no-data value': given.get('nodata'),
    }
    return _pairs({key: value for key, value in rows.items() if value is not None})


def _classes(facts: Mapping[str, Any], measured: Mapping[str, Any] | None) -> str:
    names, palette = facts['classes'], facts['palette']
    if not names:
        return 'The checkpoint names no classes.\n'
    per_class = {row['name']: row.get('IoU') for row in (measured or {}).get('per_class', ())}
    rows = []
    for index, name in enumerate(names):
        colour = ' '.join(map(str, palette[index])) if len(palette) == len(names) else ''
        rows.append((index, name, colour, *([_percent(per_class.get(name))] if per_class else ())))
    return _table(('id', 'class', 'colour (RGB)', *(('IoU',) if per_class else ())), rows)


def _scores(facts: Mapping[str, Any], measured: Mapping[str, Any] | None) -> str:
    scores = facts['scores'] if measured is None else measured_scores(measured)
    if measured is not None:
        origin = f'On {measured.get("images", "?")} images, {measured.get("pixels", "?")} pixels.'
    elif not scores:
        return 'None: the checkpoint holds no scores, and none were given.\n'
    else:
        origin = 'As the checkpoint notes them; a training notes those of its last validation.'
    rows = [(key, f'{value:.2f}') for key, value in scores.items()]
    return f'{_table(("score", "percent"), rows)}\n{origin}\n'


def _named_versions(versions: Mapping[str, str]) -> dict[str, str]:
    return {f'{name} version': version for name, version in versions.items()}


def _file_row(path: Path) -> tuple[str, str, str]:
    return f'`{path.name}`', f'{path.stat().st_size / 2**20:.1f}', f'`{file_hash(path)}`'


def _pairs(values: Mapping[str, Any]) -> str:
    return _table(('what', 'value'), list(values.items())) if values else 'Not noted.\n'


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ['---'] * len(head), *rows]
    return ''.join(f'| {" | ".join(_cell(cell) for cell in line)} |\n' for line in lines)


def _cell(value: Any) -> str:
    text = ', '.join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return text.replace('|', '\\|').replace('\n', ' ')


def _percent(value: float | None) -> str:
    return '-' if value is None else f'{100 * value:.2f}'
