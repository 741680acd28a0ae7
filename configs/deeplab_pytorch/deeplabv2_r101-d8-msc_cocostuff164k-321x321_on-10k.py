# DeepLab v2 (arXiv:1606.00915) trained on COCO-Stuff 164k, tested on COCO-Stuff 10k at 513 x 513
_base_ = './deeplabv2_r101-d8-msc_cocostuff10k-321x321.py'
max_iters = 100000 * _base_.iter_size
param_scheduler = [dict(_base_.param_scheduler[0], end=max_iters)]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='COCOStuff182Dataset',
        data_root='data/coco_stuff164k',
        data_prefix=dict(img_path='images/train2017', seg_map_path='annotations/train2017'),
        pipeline=[*_base_.load[:2], *_base_.train_pipeline[3:]],
    ),
)
